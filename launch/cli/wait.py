"""`modelbundle wait NAME`: until a condition holds, telling what happens meanwhile."""

from __future__ import annotations

import json
import time
from typing import Any, Optional

import click

from bundle_spec.names import ConditionType
from launch.bundle.conditions import TYPES, as_wanted
from launch.cli.completing import bundles
from launch.cli.duration import seconds
from launch.cli.options import bundle_named, exit_on_error, in_cluster, output
from launch.cli.waiting_line import WaitingLine
from launch.cluster.waiting import wait, with_time
from launch.connection_to import connection_to


def _condition(_context: Any, _parameter: Any, value: str) -> str:
    try:
        return as_wanted(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(name="wait")
@click.argument("name", shell_complete=bundles)
@click.option(
    "--for",
    "wanted",
    default=ConditionType.READY.value,
    show_default=True,
    callback=_condition,
    help=f"TYPE or TYPE=STATUS. The types are {', '.join(TYPES)}.",
)
@click.option("--timeout", default="300s", show_default=True, callback=seconds, help="Such as 90s or 5m.")
@in_cluster
@output("text", "json")
def command(
    name: str, wanted: str, timeout: float, namespace: Optional[str], context: Optional[str], output: str
) -> None:
    """Wait until the bundle NAME has a condition, and print each change of its conditions as one line.

    Exit codes: 0 the condition holds, 1 it did not in time (or the bundle is gone), 2 the bundle is Stalled: it cannot
    get there without a change of yours.
    """
    as_json = output == "json"
    started = time.monotonic()
    line = WaitingLine()
    with exit_on_error("wait", as_json), line.showing(f"waiting for {wanted}"):
        connection = connection_to(namespace=namespace, context=context)
        known = bundle_named(connection, name)["metadata"]["name"]
        bundle = wait(connection, known, wanted, timeout, lambda text: line.say(with_time(text), as_json))
    _done(bundle, wanted, time.monotonic() - started, as_json)


def _done(bundle: Any, wanted: str, seconds: float, as_json: bool) -> None:
    status = bundle.get("status") or {}
    if as_json:
        found = {"name": bundle["metadata"]["name"], "for": wanted, "seconds": round(seconds, 1)}
        click.echo(json.dumps({**found, "digest": status.get("digest"), "url": status.get("endpoint", {}).get("url")}))
