"""`modelbundle tree [NAME]`: a family of bundles, how each is, and what each clone changed."""

from __future__ import annotations

import json
from typing import Optional

import click

from launch.cli.bundle_argument import bundle_name
from launch.cli.completing import bundles
from launch.cli.errors import Failure
from launch.cli.options import ASKING, exit_on_error, in_cluster, output
from launch.connection_to import connection_to
from launch.lineage.family import families, member_named
from launch.lineage.tree import tree_json, tree_text


@click.command(name="tree")
@click.argument("name", required=False, callback=bundle_name, shell_complete=bundles)
@in_cluster
@output("text", "json")
def command(name: Optional[str], namespace: Optional[str], context: Optional[str], output: str) -> None:
    """Print the family of the bundle NAME, or all families of the namespace.

    READY and REASON are the bundle's Ready condition; CHANGED is what a clone changed against its parent. A bundle that
    is gone keeps its place while clones of it are there.
    """
    as_json = output == "json"
    cluster = connection_to(namespace=namespace, context=context)
    with exit_on_error("tree", as_json, ASKING):
        roots = families(cluster.list())
    if name is not None:
        member = member_named(roots, name)
        if member is None:
            raise Failure(f"there is no bundle {name} in this namespace", reason="NotFound", as_json=as_json)
        roots = [member.line()[-1]]
    if as_json:
        click.echo(json.dumps({"families": [tree_json(root) for root in roots]}, ensure_ascii=False))
    elif roots:
        click.echo(tree_text(roots))
    else:
        click.echo("no bundles in this namespace", err=True)
