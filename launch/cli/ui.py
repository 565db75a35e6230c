"""`modelbundle ui`: a page in the browser about bundles, served by this command with its user's rights."""

from __future__ import annotations

import contextlib
import secrets
import threading
from typing import Any, Optional

import click

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.api.interruption import raise_on_interruption
from launch.cli.errors import Failure
from launch.cli.options import ASKING, exit_on_error, in_cluster
from launch.cli.port import port_option
from launch.connection_to import connection_to


@click.command(name="ui")
@port_option(0)
@click.option(
    "--open/--no-open", "opens", default=True, show_default=True, help="Open the page, where there is a screen."
)
@in_cluster
@click.option("--allow-write", is_flag=True, help="Let the page scale bundles and move endpoints, with your rights.")
def command(port: int, opens: bool, namespace: Optional[str], context: Optional[str], allow_write: bool) -> None:
    """Show bundles and endpoints on a page in the browser, as they are and as they change, until Ctrl-C.

    The page has those of all namespaces that you may list, or with -n those of one. It is read with your rights, and
    nothing runs in the cluster for it. It changes nothing, unless --allow-write is given. The URL that is printed holds
    a token: who has it, and can reach 127.0.0.1 of this machine, sees what you may see.
    """
    with exit_on_error("ui", waits=ASKING):
        from launch.ui.actions import POSTS, WRITES
        from launch.ui.board import Board
        from launch.ui.opening import has_screen, opened
        from launch.ui.requests import READS
        from launch.ui.server import Server
        from launch.ui.watching import start

        source = _source(namespace, context)
    info = {"where": source.where, "namespace": source.namespace, "narrowed": source.narrowed, "write": allow_write}
    board, posts = Board(info), {**POSTS, **(WRITES if allow_write else {})}
    try:
        server = Server(port, secrets.token_urlsafe(32), board, source, READS, posts)
    except OSError as error:
        raise Failure(f"port {port} is taken ({error.strerror}): choose another with --port") from error
    if source.narrowed:
        click.echo(f"only namespace {source.namespace} is shown: {source.narrowed}", err=True)
    raise_on_interruption()
    stopping = threading.Event()
    try:
        start(source, board, stopping, [PLURAL, ENDPOINT_PLURAL])
        click.echo(server.url)
        click.echo("Ctrl-C stops", err=True)
        with opened(server.url) if opens and has_screen() else contextlib.nullcontext():
            server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        stopping.set()
        server.stopping.set()
        server.server_close()


def _source(namespace: Optional[str], context: Optional[str]) -> Any:
    connection = connection_to(namespace=namespace, context=context)
    if connection.endpoint == "local":
        from launch.ui.local_source import LocalSource  # of a cluster's page nothing of it is needed

        return LocalSource(namespace)
    from launch.ui.cluster_source import ClusterSource

    return ClusterSource(connection, namespace)
