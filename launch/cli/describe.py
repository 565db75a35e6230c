"""`modelbundle describe NAME`: how a bundle is, and why: conditions, pods, events, endpoints on one page."""

from __future__ import annotations

import json
import time
from typing import Any, Mapping, Optional

import click

from bundle_spec.names import ENDPOINT_PLURAL, KIND
from launch.bundle.conditions import conditions
from launch.bundle.startup import startup_json
from launch.cli.completing import bundles
from launch.cli.options import ASKING, bundle_named, exit_on_error, in_cluster, output
from launch.cli.overview import bundle_json, page
from launch.cluster.api import about_service, events_of, pods_of
from launch.cluster.building import job_of, last_line
from launch.connection_to import connection_to
from launch.errors import LaunchError

ASK_SECONDS = 5.0


@click.command(name="describe")
@click.argument("name", shell_complete=bundles)
@in_cluster
@output("text", "json")
def command(name: str, namespace: Optional[str], context: Optional[str], output: str) -> None:
    """Print how the bundle NAME is: what its conditions say and what to do next, its pods, events and endpoints, and
    how long each part of its last start took."""
    as_json = output == "json"
    with exit_on_error("describe", as_json, ASKING):
        connection = connection_to(namespace=namespace, context=context)
        bundle = bundle_named(connection, name)
        api, where = connection.place()
        known = bundle["metadata"]["name"]
        endpoints = [found for found in connection.list(ENDPOINT_PLURAL) if found["spec"]["bundle"] == known]
        pods, events = pods_of(api, where, known), events_of(api, where, KIND, known)
        loaded = _loaded(api, where, bundle)
        building = _building(api, where, bundle)
    if as_json:
        result = {
            **bundle_json(bundle),
            "conditions": list(conditions(bundle).values()),
            "startup": startup_json(bundle, loaded),
            "building": building or None,
            "endpoints": [found["metadata"]["name"] for found in endpoints],
            "pods": [pod["metadata"]["name"] for pod in pods],
            "events": [{key: event.get(key) for key in ("type", "reason", "message")} for event in events],
        }
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        click.echo(page(bundle, endpoints, pods, events, time.time(), loaded, building))


def _building(api: Any, namespace: str, bundle: Mapping[str, Any]) -> str:
    """What the Job for which it waits has written last."""
    if conditions(bundle).get("Ready", {}).get("status") == "True":
        return ""
    job = job_of(api, namespace, bundle)
    return last_line(api, namespace, job) if job else ""


def _loaded(api: Any, namespace: str, bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a worker says of its load, where one answers and may be asked (`get` on services/proxy)."""
    if not (bundle.get("status") or {}).get("readyReplicas"):
        return {}
    try:
        said = about_service(api, namespace, bundle["metadata"]["name"], ASK_SECONDS)
    except LaunchError:
        return {}
    found = said.get("loadSeconds") if isinstance(said, dict) else None
    return found if isinstance(found, dict) else {}
