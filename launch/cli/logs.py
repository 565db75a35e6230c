"""`modelbundle logs NAME`: what a bundle's containers wrote, your prints among it."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

import click

from launch.cli.completing import bundles
from launch.cli.errors import Failure
from launch.cli.options import bundle_named, exit_on_error, in_cluster
from launch.cluster.api import follow_log, pod_log, pods_with
from launch.cluster.building import followed, job_of, written
from launch.connection_to import connection_to

CONTAINERS = ("worker", "server", "prepare", "install")


@click.command(name="logs")
@click.argument("name", shell_complete=bundles)
@click.option("-c", "--container", type=click.Choice(CONTAINERS), default="worker", show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on printing, of one pod.")
@click.option("--tail", type=click.IntRange(0), help="Only so many last lines of each pod.")
@click.option("-p", "--previous", is_flag=True, help="Of the container before its last restart.")
@click.option("--pod", "wanted", help="Of this pod alone; else of each.")
@click.option("--build", is_flag=True, help="Of the Job that tries the bundle and installs its requirements once.")
@in_cluster
def command(
    name: str,
    container: str,
    follow: bool,
    tail: Optional[int],
    previous: bool,
    wanted: Optional[str],
    build: bool,
    namespace: Optional[str],
    context: Optional[str],
) -> None:
    """Print what the pods of the bundle NAME wrote.

    worker is your code, server the HTTP front, prepare fetched the artifact, install the requirements. With more than
    one pod each line has the pod's name before it. With --build it is the Job without a GPU for which the bundle waits:
    each line has its container's name before it.
    """
    query: Dict[str, str] = {}
    if tail is not None:
        query["tailLines"] = str(tail)
    if previous:
        query["previous"] = "true"
    with exit_on_error("logs"):
        connection = connection_to(namespace=namespace, context=context)
        bundle = bundle_named(connection, name)
        known = bundle["metadata"]["name"]
        api, where = connection.place()
        if build:
            _print_build(api, where, bundle, follow, query)
            return
        pods = pods_with(api, where, known, container)
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


def _print_build(api: Any, where: str, bundle: Mapping[str, Any], follow: bool, query: Mapping[str, str]) -> None:
    name = bundle["metadata"]["name"]
    job = job_of(api, where, bundle)
    if not job:
        raise Failure(
            f"{name} waits for no Job: `modelbundle describe {name}` says how far it is; once it has pods,"
            f" `modelbundle logs {name} -c install` has what they installed",
            reason="NotFound",
        )
    for container, line in followed(api, where, job) if follow else written(api, where, job, query):
        click.echo(f"{container}: {line}")
