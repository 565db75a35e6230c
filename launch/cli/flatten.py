"""`modelbundle flatten FILE|NAME`: the bundle written out, to keep in Git."""

from __future__ import annotations

from typing import Optional, Tuple

import click

from launch.bundle.flatten import flattened_text
from launch.cli.bundle_argument import bundle_name, content, with_bases
from launch.cli.completing import bundles_or_files
from launch.cli.options import asking, exit_on_error, in_cluster
from launch.connection_to import connection_to


@click.command(name="flatten")
@click.argument("word", metavar="FILE|NAME", shell_complete=bundles_or_files)
@with_bases
@click.option(
    "--name", "new_name", metavar="NEW", callback=bundle_name, help="Name of the bundle that is written; else the same."
)
@in_cluster
def command(
    word: str, bases: Tuple[str, ...], new_name: Optional[str], namespace: Optional[str], context: Optional[str]
) -> None:
    """Print the bundle as self-contained YAML: no cloneFrom, all that it inherits, the artifact's URI.

    The digest is the same, which is checked by reading the YAML back. Where the clone exists the API server refuses it
    under the same name, as spec.bundle is immutable: it is for Git and other clusters, or for another name (--name).
    """
    with exit_on_error("flatten", waits=asking(word)):
        cluster = connection_to(namespace=namespace, context=context)
        text = flattened_text(content(word, cluster, bases), new_name)
    click.echo(text, nl=False)
