"""`modelbundle pin URI`: the sha256 that a bundle names its artifact by."""

from __future__ import annotations

import json
import sys
import time
from urllib.parse import urlsplit

import click

from bundle_runtime.contract.report import RuntimeFailure
from launch.bundle.manifest import dump
from launch.cli.completing import files
from launch.cli.errors import Failure, missing
from launch.cli.options import output
from launch.stores.pin import SCHEMES, pin


@click.command(name="pin")
@click.argument("uri", shell_complete=files)
@output("text", "yaml", "json")
def command(uri: str, output: str) -> None:
    """Stream the artifact at URI (s3://, https://, file:// or a path) and print its sha256.

    -o yaml prints the artifact block for spec.bundle. S3 takes the usual AWS environment, AWS_ENDPOINT_URL too.
    """
    as_json = output == "json"
    if "://" in uri and urlsplit(uri).scheme.lower() not in SCHEMES:
        raise click.BadParameter(
            f"{uri}: give {', '.join(f'{scheme}://' for scheme in SCHEMES)} or a path", param_hint="'URI'"
        )
    try:
        sha256, size = pin(uri, _progress() if sys.stderr.isatty() else lambda _: None)
    except RuntimeFailure as failure:
        raise Failure(failure.message, reason=failure.reason, as_json=as_json) from failure
    except OSError as error:
        raise Failure(f"cannot read {uri}: {error}", reason="ArtifactNotFound", as_json=as_json) from error
    except ImportError as error:
        raise missing(str(error.name), "client", "pin") from error
    if as_json:
        click.echo(json.dumps({"uri": uri, "sha256": sha256, "bytes": size}))
    elif output == "yaml":
        packaging = "zip" if uri.lower().endswith(".zip") else "cloudpickle"
        click.echo(dump({"artifact": {"uri": uri, "sha256": sha256, "packaging": packaging}}), nl=False)
    else:
        click.echo(sha256)


class _progress:  # noqa: N801 - called like the function that it stands for
    """One line that grows, ten times a second at most."""

    def __init__(self) -> None:
        self.next = 0.0

    def __call__(self, size: int) -> None:
        now = time.monotonic()
        if now >= self.next:
            self.next = now + 0.1
            click.echo(f"\r{size / 1e6:.0f} MB read\r", nl=False, err=True)
