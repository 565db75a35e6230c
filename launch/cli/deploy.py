"""`modelbundle deploy NAME`: serve a bundle that is stored, or change how it is served."""

from __future__ import annotations

import json
from typing import Any, Optional

import click

from bundle_spec.names import ConditionType
from launch.cli.completing import bundles
from launch.cli.duration import seconds
from launch.cli.options import bundle_named, exit_on_error, in_cluster, output
from launch.cli.waiting_line import WaitingLine
from launch.cluster.serving import deploy, serving_fields
from launch.cluster.waiting import wait, with_time
from launch.connection_to import connection_to


@click.command(name="deploy")
@click.argument("name", shell_complete=bundles)
@click.option("--replicas", type=click.IntRange(0, 10000), default=1, show_default=True, help="Pods; 0 stores it.")
@click.option("--gpus", type=click.IntRange(0, 64), help="GPUs of each pod, 0 for CPU; else as it was (1 at first).")
@click.option("--cpus", help='Cores of each pod, such as 2 or "500m"; else as it was.')
@click.option("--memory", help='Such as "8Gi"; else as it was.')
@click.option("--storage", help='Disk of each pod, such as "20Gi"; else as it was.')
@click.option("--gpu-type", help="Value of the node label that the platform publishes for GPU types.")
@click.option("--max-concurrency", type=click.IntRange(1, 1024), help="Requests that a pod computes at a time.")
@click.option("--wait/--no-wait", "waits", default=True, show_default=True, help="Until it answers.")
@click.option("--timeout", default="600s", show_default=True, callback=seconds, help="Of the wait, such as 90s or 5m.")
@in_cluster
@output("text", "json")
def command(
    name: str,
    replicas: int,
    gpus: Optional[int],
    cpus: Optional[str],
    memory: Optional[str],
    storage: Optional[str],
    gpu_type: Optional[str],
    max_concurrency: Optional[int],
    waits: bool,
    timeout: float,
    namespace: Optional[str],
    context: Optional[str],
    output: str,
) -> None:
    """Serve the bundle NAME, and wait until it answers.

    NAME is an id, or the name it was created by (then the newest). What is served is never changed by this, only how:
    replicas, GPUs, resources. Exit codes: 0 it answers (or --no-wait), 1 not in time, 2 it is Stalled and cannot.
    """
    as_json = output == "json"
    line = WaitingLine()
    with exit_on_error("deploy", as_json), line.showing("waiting until it answers" if waits else ""):
        connection = connection_to(namespace=namespace, context=context)
        found: Any = bundle_named(connection, name)
        fields = serving_fields(
            replicas=replicas,
            gpus=gpus,
            cpus=cpus,
            memory=memory,
            storage=storage,
            max_concurrency=max_concurrency,
        )
        known = found["metadata"]["name"]
        found = deploy(connection, known, fields, gpu_type)
        if waits:
            found = wait(connection, known, ConditionType.READY, timeout, lambda text: line.say(with_time(text)))
    url = ((found.get("status") or {}).get("endpoint") or {}).get("url")
    if as_json:
        click.echo(json.dumps({"id": known, "serving": found["spec"]["serving"], "ready": waits, "url": url}))
    elif not waits:
        click.echo(f"{known} is to be served by {replicas} pod{'s' * (replicas != 1)}; modelbundle wait {known}")
    elif replicas:
        where = f" at {url}/predict" if url else ""  # without a cluster it is served by the process that asks
        click.echo(f"{known} answers{where}; modelbundle predict {known} JSON")
    else:
        click.echo(f"{known} is stored")
