"""A bundle of a model that MLflow wrote: packed by the client as its other bundles are."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Mapping, Optional

from launch.api.bundle_fields import bundle_fields
from launch.api.create import Wanted
from launch.api.user_warnings import warn
from launch.model_bundle import ModelBundle
from launch.packing.archives.archive import archive_of
from launch.packing.mlflow.bundled import FUNCTIONS, bundled, image_of

if TYPE_CHECKING:
    from launch.api.bundles import BundleMethods


def bundle_of_mlflow(
    client: "BundleMethods",
    name: str,
    directory: Path,
    env_params: Optional[Mapping[str, Any]] = None,
    requirements: Optional[List[str]] = None,
) -> ModelBundle:
    """What MLflow wrote to `directory`, as a bundle of the client: its files beside the code that asks MLflow.

    `env_params` are those of create_model_bundle, by default the official image of the model's own Python;
    `requirements` take the place of the model's. InvalidBundleError says in three lines what cannot be served.
    """
    found = bundled(directory, requirements)
    image = env_params if env_params is not None else image_of(found.model, directory)
    schemas = found.schemas
    fields = bundle_fields(image, found.requirements, None, schemas.request, schemas.response)
    warn(found.said)
    store = client._checked_store(name)
    with tempfile.TemporaryDirectory(prefix="model-bundle-") as temporary:
        packed = archive_of(Path(temporary, "bundle.zip"), found.files, found.model.python)
        return client._created(store, Wanted(name, {**fields, **FUNCTIONS}, {}), packed)
