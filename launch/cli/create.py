"""`modelbundle create NAME FILE.py|DIR...`: pack functions, upload them, and create the bundle."""

from __future__ import annotations

import json
from typing import Any, Optional

import click

from launch.bundle.manifest import dump_objects
from launch.cli.options import exit_on_error, in_cluster, output
from launch.cli.packing import packed_by, packing_options
from launch.client import LaunchClient


@click.command(name="create")
@packing_options
@in_cluster
@output("text", "json", "yaml", "name")
def command(namespace: Optional[str], context: Optional[str], output: str, **given: Any) -> None:
    """Pack the functions of FILE.py, or the folders, upload them and create the bundle NAME, not served yet.

    The file is run with this Python, which must be of the image's minor version for a pickle to load there. Its
    functions, and the model, are pickled by value. Everything is checked before a byte is uploaded. NAME need not be
    unique: the newest is meant wherever a name is taken. `modelbundle deploy NAME` serves it.
    """
    with exit_on_error("create", output == "json"):
        store = {"artifact_uri": given["artifact_uri"], "accept_store": given["accept_store"]}
        client = LaunchClient(namespace=namespace, context=context, **store)
        made = packed_by(client, given)
        if output == "yaml":
            click.echo(dump_objects([client.connection.get(str(made.id))]), nl=False)
            return
    if output == "json":
        click.echo(json.dumps(made.to_dict(), ensure_ascii=False))
    elif output == "name":
        click.echo(made.id)
    else:
        click.echo(f"{made.id} created, {made.digest}\nmodelbundle deploy {made.id} serves it")
