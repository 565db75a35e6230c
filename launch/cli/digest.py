"""`modelbundle digest FILE|NAME`: what status.digest will be, or is, and how it comes about."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional, Tuple

import click

from launch.cli.bundle_argument import content, with_bases
from launch.cli.completing import bundles_or_files
from launch.cli.options import asking, exit_on_error, in_cluster
from launch.connection_to import connection_to
from launch.lineage.explain import explanation, left_out, parts


@click.command(name="digest")
@click.argument("word", metavar="FILE|NAME", shell_complete=bundles_or_files)
@with_bases
@in_cluster
@click.option("--explain", is_flag=True, help="Show each part of the document, and how anyone recomputes the digest.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "document"]),
    default="text",
    show_default=True,
    help="document prints the canonical bytes that the digest is taken of.",
)
def command(
    word: str, bases: Tuple[str, ...], namespace: Optional[str], context: Optional[str], explain: bool, output: str
) -> None:
    """Print the digest of the ModelBundle in FILE (- is standard input), or of the bundle NAME in the cluster.

    It is the sha256 of the bundle document, so `-o document | sha256sum` shows the same. Nothing is fetched; for a FILE
    no cluster is asked, unless it holds a clone. A word with a dot or a slash is a FILE.
    """
    with exit_on_error("digest", output == "json", asking(word)):
        found = content(word, connection_to(namespace=namespace, context=context), bases)
    if output == "document":
        click.echo(found.canonical, nl=False)
    elif output == "json":
        result: Dict[str, Any] = {"name": found.name, "digest": found.digest}
        if explain:
            result.update(bytes=len(found.canonical), parts=parts(found), absent=left_out(found))
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        click.echo(explanation(found, word) if explain else found.digest)
