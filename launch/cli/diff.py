"""`modelbundle diff A B`: in which values two bundles differ."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple

import click

from bundle_spec.json_path import write
from launch.bundle.content import Content
from launch.bundle.differences import MISSING, Difference, differences
from launch.cli.bundle_argument import content, with_bases
from launch.cli.completing import bundles_or_files
from launch.cli.options import asking, exit_on_error, in_cluster, output
from launch.connection_to import connection_to


@click.command(name="diff")
@click.argument("a", metavar="A", shell_complete=bundles_or_files)
@click.argument("b", metavar="B", shell_complete=bundles_or_files)
@with_bases
@in_cluster
@output("text", "json")
def command(
    a: str, b: str, bases: Tuple[str, ...], namespace: Optional[str], context: Optional[str], output: str
) -> None:
    """Print the values of spec.bundle in which A and B differ, each by its path; A and B are names or files.

    What a clone inherits counts as its own. spec.serving is not compared: it changes nothing that the model computes.
    The exit code is 0 whether they differ or not; `-o json` has "equal".
    """
    cluster = connection_to(namespace=namespace, context=context)
    with exit_on_error("diff", output == "json", asking(a, b)):
        one, other = content(a, cluster, bases), content(b, cluster, bases)
        found = differences(one.fields, other.fields)
    if output == "json":
        result: Dict[str, Any] = {"a": _side(a, one), "b": _side(b, other), "equal": one.digest == other.digest}
        click.echo(json.dumps({**result, "differences": [item.as_json() for item in found]}, ensure_ascii=False))
        return
    click.echo(f"--- {a}  {one.digest}\n+++ {b}  {other.digest}")
    for item in found:
        click.echo("\n".join(_lines(item)))
    if one.digest == other.digest:
        click.echo("the same content" + (": only what is in no digest differs" if found else ""))


def _side(word: str, found: Content) -> Dict[str, str]:
    return {"given": word, "name": found.name, "digest": found.digest}


def _lines(item: Difference) -> List[str]:
    lines = [write(item.path) + ("" if item.in_digest else "  (in no digest)")]
    for sign, value in (("-", item.before), ("+", item.after)):
        if value is not MISSING:
            lines += [f"  {sign} {line}" for line in json.dumps(value, ensure_ascii=False, indent=2).splitlines()]
    return lines
