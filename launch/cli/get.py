"""`modelbundle get NAME`: one bundle, as a row or as the object that it is."""

from __future__ import annotations

import json
import time
from typing import Optional

import click

from launch.bundle.manifest import dump_objects
from launch.cli.completing import bundles
from launch.cli.options import ASKING, bundle_named, exit_on_error, in_cluster, output
from launch.cli.overview import bundles_table
from launch.connection_to import connection_to


@click.command(name="get")
@click.argument("name", shell_complete=bundles)
@in_cluster
@output("text", "wide", "json", "yaml", "name")
def command(name: str, namespace: Optional[str], context: Optional[str], output: str) -> None:
    """Print the bundle NAME: an id, or the name it was created by (then the newest). -o yaml and json print its object.

    `modelbundle flatten NAME -o yaml` prints what can be applied elsewhere.
    """
    with exit_on_error("get", output == "json", ASKING):
        found = bundle_named(connection_to(namespace=namespace, context=context), name)
    if output == "json":
        click.echo(json.dumps(found, ensure_ascii=False))
    elif output == "yaml":
        click.echo(dump_objects([found]), nl=False)
    elif output == "name":
        click.echo(found["metadata"]["name"])
    else:
        click.echo(bundles_table([found], time.time(), output == "wide"))
