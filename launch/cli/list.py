"""`modelbundle list [NAME]`: the bundles of a namespace, the newest first."""

from __future__ import annotations

import json
import time
from typing import Optional

import click

from launch.api.lookup import owned
from launch.cli.completing import bundles
from launch.cli.options import ASKING, exit_on_error, in_cluster, output
from launch.cli.overview import bundle_json, bundles_table
from launch.connection_to import connection_to


@click.command(name="list")
@click.argument("name", required=False, shell_complete=bundles)
@click.option("--mine", is_flag=True, help="Only those that you own, and those without an owner.")
@in_cluster
@output("text", "wide", "json", "yaml", "name")
def command(name: Optional[str], mine: bool, namespace: Optional[str], context: Optional[str], output: str) -> None:
    """Print the bundles of the namespace, or those that were created by NAME.

    NAME is what a bundle was created as; several may have it, and the first is the newest. ID is the name of its
    object: every command takes either. -o yaml prints the objects, -o name their ids.
    """
    with exit_on_error("list", output == "json", ASKING):
        connection = connection_to(namespace=namespace, context=context)
        found = owned(connection, name, everybody=not mine)
    if output == "json":
        click.echo(json.dumps({"bundles": [bundle_json(bundle) for bundle in found]}, ensure_ascii=False))
    elif output == "yaml":
        from launch.bundle.manifest import dump_objects

        click.echo(dump_objects(found), nl=False)
    elif output == "name":
        for bundle in found:
            click.echo(bundle["metadata"]["name"])
    elif found:
        click.echo(bundles_table(found, time.time(), output == "wide"))
    else:
        click.echo(f"no bundles{f' named {name}' if name else ''} in namespace {connection.namespace}", err=True)
