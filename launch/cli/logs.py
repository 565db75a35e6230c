"""`modelbundle logs NAME`: what a bundle's containers wrote, your prints among it."""

from __future__ import annotations

from typing import Dict, Optional

import click

from launch.cli.completing import bundles
from launch.cli.errors import Failure
from launch.cli.options import bundle_named, exit_on_error, in_cluster
from launch.cluster.api import follow_log, pod_log, pods_of
from launch.connection_to import connection_to

CONTAINERS = ("worker", "server", "prepare", "install")


@click.command(name="logs")
@click.argument("name", shell_complete=bundles)
@click.option("-c", "--container", type=click.Choice(CONTAINERS), default="worker", show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on printing, of one pod.")
@click.option("--tail", type=click.IntRange(0), help="Only so many last lines of each pod.")
@click.option("-p", "--previous", is_flag=True, help="Of the container before its last restart.")
@click.option("--pod", "wanted", help="Of this pod alone; else of each.")
@in_cluster
def command(
    name: str,
    container: str,
    follow: bool,
    tail: Optional[int],
    previous: bool,
    wanted: Optional[str],
    namespace: Optional[str],
    context: Optional[str],
) -> None:
    """Print what the pods of the bundle NAME wrote.

    worker is your code, server the HTTP front, prepare fetched the artifact, install the requirements. With more than
    one pod each line has the pod's name before it.
    """
    query: Dict[str, str] = {}
    if tail is not None:
        query["tailLines"] = str(tail)
    if previous:
        query["previous"] = "true"
    with exit_on_error("logs"):
        connection = connection_to(namespace=namespace, context=context)
        known = bundle_named(connection, name)["metadata"]["name"]
        api, where = connection.place()
        pods = [pod["metadata"]["name"] for pod in pods_of(api, where, known)]
        if wanted is not None:
            if wanted not in pods:
                raise Failure(f"{known} has no pod {wanted}; it has {', '.join(pods) or 'none'}", reason="NotFound")
            pods = [wanted]
        if not pods:
            raise Failure(f"{known} has no pods: `modelbundle describe {known}` says why", reason="NotFound")
        if follow:
            if len(pods) > 1:
                raise Failure(f"{known} has {len(pods)} pods: follow one with --pod, such as --pod {pods[0]}")
            for line in follow_log(api, where, pods[0], container, query):
                click.echo(line)
            return
        for pod in pods:
            text = pod_log(api, where, pod, container, query)
            before = f"{pod}: " if len(pods) > 1 else ""
            for line in text.splitlines():
                click.echo(before + line)
