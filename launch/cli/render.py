"""`modelbundle render NAME FILE.py|DIR...`: the YAML that `create` would apply, for Git."""

from __future__ import annotations

from typing import Any, Optional

import click

from launch.bundle.manifest import dump
from launch.cli.drafting import Drafting
from launch.cli.options import exit_on_error, in_cluster
from launch.cli.packing import packed_by, packing_options
from launch.cluster.serving import serving_fields


@click.command(name="render")
@packing_options
@click.option("--replicas", type=click.IntRange(0, 10000), default=1, show_default=True, help="Pods that serve it.")
@click.option("--gpus", type=click.IntRange(0, 64), default=1, show_default=True, help="GPUs of each pod; 0 for CPU.")
@click.option("--upload", is_flag=True, help="Put the artifact where the YAML says that it lies.")
@in_cluster
def command(
    replicas: int, gpus: int, upload: bool, namespace: Optional[str], context: Optional[str], **given: Any
) -> None:
    """Print the ModelBundle that `create` would make, and touch no cluster.

    The object's name carries the digest: other content is another bundle, as Git and Argo CD want it. The artifact is
    uploaded with --upload only; a cluster is asked for nothing but where artifacts go, and not even that with
    --artifact-uri or LAUNCH_ARTIFACT_URI.
    """
    with exit_on_error("render"):
        serving = serving_fields(replicas=replicas, gpus=gpus)
        store = {"artifact_uri": given["artifact_uri"], "accept_store": given["accept_store"]}
        client = Drafting(serving, upload, namespace=namespace, context=context, **store)
        packed_by(client, given)
        click.echo(dump(client.manifest), nl=False)
    if not upload:
        uri = client.manifest["spec"]["bundle"]["artifact"]["uri"]
        click.echo(f"the artifact is not uploaded: --upload puts it at {uri}", err=True)
