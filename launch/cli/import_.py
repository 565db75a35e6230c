"""`modelbundle import mlflow DIR`: the bundle of a model that MLflow wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Optional

import click

from launch.api.interruption import raise_on_interruption
from launch.api.mlflow_models import bundle_of_mlflow
from launch.bundle.manifest import dump
from launch.cli.completing import files
from launch.cli.drafting import Drafting
from launch.cli.options import exit_on_error, in_cluster
from launch.cli.packing import env_params_given, requirements_given
from launch.cli.user_code import warnings_as_lines
from launch.client import LaunchClient
from launch.cluster.serving import serving_fields

_IMAGES = ("pytorch_image_tag", "tensorflow_version", "image")


@click.command(name="import")
@click.argument("kind", metavar="mlflow", type=click.Choice(["mlflow"]))
@click.argument("directory", metavar="DIR", shell_complete=files)
@click.option("--name", help="What the bundle is called; else as DIR.")
@click.option("--create", is_flag=True, help="Upload and create it in the cluster, in place of printing it.")
@click.option("--pytorch-image-tag", metavar="TAG", help="Serve in pytorch/pytorch:TAG.")
@click.option("--tensorflow-version", metavar="TAG", help="Serve in tensorflow/tensorflow:TAG.")
@click.option("--image", metavar="REPOSITORY:TAG", help="Serve in this image; else in that of the model's own Python.")
@click.option("--requirements", metavar="FILE", shell_complete=files, help="pip's lines, in place of the model's own.")
@click.option("--artifact-uri", metavar="URI", help="Where artifacts go; else LAUNCH_ARTIFACT_URI's, the cluster's.")
@click.option("--accept-store", is_flag=True, help="Use the namespace's own store from now on.")
@click.option("--replicas", type=click.IntRange(0, 10000), default=1, show_default=True, help="Of what is printed.")
@click.option(
    "--gpus", type=click.IntRange(0, 64), default=0, show_default=True, help="Of what is printed, each pod's."
)
@click.option("--upload", is_flag=True, help="Put the artifact where the YAML says that it lies.")
@in_cluster
def command(
    kind: str,
    directory: str,
    name: Optional[str],
    create: bool,
    replicas: int,
    gpus: int,
    upload: bool,
    namespace: Optional[str],
    context: Optional[str],
    artifact_uri: Optional[str],
    accept_store: bool,
    **given: Any,
) -> None:
    """Print the ModelBundle of a model that MLflow wrote to DIR, the directory with the MLmodel file.

    The directory is the artifact, and beside it lies a file of code that loads it with MLflow itself. Python version,
    requirements and signature are those of the model. MLflow need not be installed here, and the model is not loaded.
    """
    raise_on_interruption()
    path = Path(directory)
    called = name or path.resolve().name
    with exit_on_error("import"), warnings_as_lines():
        store: Dict[str, Any] = {"artifact_uri": artifact_uri, "accept_store": accept_store}
        image = env_params_given(given) if any(given[option] for option in _IMAGES) else None
        requirements = requirements_given(given["requirements"])
        if create:
            client = LaunchClient(namespace=namespace, context=context, **store)
            made = bundle_of_mlflow(client, called, path, image, requirements)
            click.echo(f"{made.id} created, {made.digest}\nmodelbundle deploy {made.id} serves it")
            return
        serving = serving_fields(replicas=replicas, gpus=gpus)
        drafting = Drafting(serving, upload, namespace=namespace, context=context, **store)
        bundle_of_mlflow(drafting, called, path, image, requirements)
        click.echo(dump(drafting.manifest), nl=False)
    if not upload:
        uri = drafting.manifest["spec"]["bundle"]["artifact"]["uri"]
        click.echo(f"the artifact is not uploaded: --upload puts it at {uri}", err=True)
