"""`modelbundle wait NAME`: until a condition holds, telling what happens meanwhile."""

from __future__ import annotations

import json
import time
from typing import Any, Optional

import click

from launch.cli.duration import seconds
from launch.cli.failure import Failure, missing
from launch.conditions import TYPES, Seen, as_wanted, changes, holds, stalled
from launch.errors import APIError
from launch.kubernetes_api import watch_bundle
from launch.transport import connect

STALLED = 2


def _condition(_context: Any, _parameter: Any, value: str) -> str:
    try:
        return as_wanted(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(name="wait")
@click.argument("name")
@click.option(
    "--for",
    "wanted",
    default="Ready",
    show_default=True,
    callback=_condition,
    help=f"TYPE or TYPE=STATUS. The types are {', '.join(TYPES)}.",
)
@click.option("--timeout", default="300s", show_default=True, callback=seconds, help="Such as 90s or 5m.")
@click.option("-n", "--namespace", help="Else the kubeconfig's.")
@click.option("--context", help="The kubeconfig's context; else the current one.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    name: str, wanted: str, timeout: float, namespace: Optional[str], context: Optional[str], output: str
) -> None:
    """Wait until the bundle NAME has a condition, and print each change of its conditions as one line.

    Exit codes: 0 the condition holds, 1 it did not in time (or the bundle is gone), 2 the bundle is Stalled: it cannot
    get there without a change of yours.
    """
    as_json = output == "json"
    started = time.monotonic()
    last: Any = None
    try:
        api, default = connect(context)
        seen: Seen = {}
        for bundle in watch_bundle(api, namespace or default, name, timeout):
            if bundle is None:
                raise Failure(f"the bundle {name} was deleted", reason="NotFound", as_json=as_json)
            last = bundle
            seen, lines = changes(seen, bundle)
            for line in lines:
                click.echo(f"{time.strftime('%H:%M:%S')} {line}", err=as_json)
            if holds(bundle, wanted):
                _done(bundle, wanted, time.monotonic() - started, as_json)
                return
            if stalled(bundle) and wanted.partition("=")[0] != "Stalled":
                raise Failure(f"{name} is stalled: {stalled(bundle)}", code=STALLED, reason="Stalled", as_json=as_json)
    except APIError as error:
        reason = "NotFound" if error.status == 404 else "ApiError"
        raise Failure(str(error), reason=reason, as_json=as_json) from error
    except ImportError as error:
        raise missing(str(error.name), "client", "wait") from error
    where = "" if last and last.get("status", {}).get("conditions") else "; no operator has looked at it"
    raise Failure(f"{name} was not {wanted} within {timeout:.0f} s{where}", reason="Timeout", as_json=as_json)


def _done(bundle: Any, wanted: str, seconds: float, as_json: bool) -> None:
    status = bundle.get("status") or {}
    if as_json:
        found = {"name": bundle["metadata"]["name"], "for": wanted, "seconds": round(seconds, 1)}
        click.echo(json.dumps({**found, "digest": status.get("digest"), "url": status.get("endpoint", {}).get("url")}))
