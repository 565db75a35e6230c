"""`modelbundle digest FILE`: what status.digest will be, before anything is applied."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bundle_runtime.canonical import bundle_document, canonical
from bundle_runtime.document import digest
from launch.cli.failure import Failure
from launch.manifest import ManifestError, read_bundle


@click.command(name="digest")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "document"]),
    default="text",
    show_default=True,
    help="document prints the canonical bytes that the digest is taken of.",
)
def command(file: Path, output: str) -> None:
    """Print the digest of the ModelBundle in FILE; nothing is fetched and no cluster is asked.

    It is the sha256 of the bundle document, so `-o document | sha256sum` shows the same.
    """
    try:
        manifest = read_bundle(Path("/dev/stdin") if str(file) == "-" else file)
        content = canonical(bundle_document(manifest["spec"]["bundle"]))
    except (ManifestError, ValueError) as error:
        raise Failure(str(error), reason="InvalidManifest", as_json=output == "json") from error
    if output == "document":
        click.echo(content, nl=False)
    elif output == "json":
        click.echo(json.dumps({"name": (manifest.get("metadata") or {}).get("name"), "digest": digest(content)}))
    else:
        click.echo(digest(content))
