"""`modelbundle delete NAME`: a bundle and its pods, unless an endpoint still names it."""

from __future__ import annotations

from typing import Optional

import click

from bundle_spec.names import ENDPOINT_PLURAL
from launch.cli.completing import bundles
from launch.cli.errors import Failure
from launch.cli.options import bundle_named, confirm, exit_on_error, in_cluster
from launch.connection_to import connection_to


@click.command(name="delete")
@click.argument("name", shell_complete=bundles)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also while an endpoint names it, which then has nothing to answer with.")
@in_cluster
def command(name: str, yes: bool, force: bool, namespace: Optional[str], context: Optional[str]) -> None:
    """Remove the bundle NAME and its pods from the cluster. Its artifact stays in the store, as others may name it.

    NAME is an id, or the name it was created by (then the newest). Clones of it stay and go on: they need it no more.
    """
    with exit_on_error("delete"):
        connection = connection_to(namespace=namespace, context=context)
        known = bundle_named(connection, name)["metadata"]["name"]
        named = [
            found["metadata"]["name"] for found in connection.list(ENDPOINT_PLURAL) if found["spec"]["bundle"] == known
        ]
        if named and not force:
            raise Failure(
                f"{known} serves the endpoint {', '.join(named)}: move it to another bundle first, or use --force",
                reason="InUse",
            )
        confirm(yes, f"Delete {known} in namespace {connection.namespace}?")
        connection.delete(known)
    click.echo(f"{known} deleted")
