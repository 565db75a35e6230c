"""A directory of MLflow as the parts of a bundle: the files to pack, and the fields that say how they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from launch.packing.archives.files import files_below
from launch.packing.mlflow import served
from launch.packing.mlflow.model_file import MLMODEL, OF_ROWS, MlflowModel, read_model
from launch.packing.mlflow.packages import packages_of
from launch.packing.mlflow.refused import refused
from launch.packing.mlflow.signature import Schemas, schemas_of

MODULE = "served_mlflow_model"
FUNCTIONS = {"loadPredictFn": f"{MODULE}.load_predict_fn", "loadModelFn": f"{MODULE}.load_model_fn"}
# its wheel needs the system's OpenMP, which the slim image of Python has not
_NEEDS_OPENMP = "mlflow.lightgbm"


class Bundled(NamedTuple):
    """`files` are those of the archive by their names in it; `said` is what a person should know."""

    model: MlflowModel
    files: Dict[str, Path]
    requirements: List[str]
    schemas: Schemas
    said: List[str]


def bundled(directory: Path, requirements: Optional[List[str]]) -> Bundled:
    """InvalidBundleError, in three lines, where it is not a model of MLflow that can be served."""
    if not directory.is_dir():
        raise refused("it is no directory", directory, "name the directory that mlflow.FLAVOUR.save_model() wrote")
    warnings: List[str] = []
    files = files_below(directory, warnings)
    model = read_model(directory, files)
    schemas = schemas_of(model.signature, files[MLMODEL])
    packed = {f"model/{name}": file for name, file in files.items()}
    packed[f"{MODULE}.py"] = Path(served.__file__)
    return Bundled(
        model,
        dict(sorted(packed.items())),
        packages_of(model, files, requirements),
        schemas,
        [*_said(model, schemas), *warnings],
    )


def is_mlflow_model(directory: Path) -> bool:
    """Whether MLflow wrote it, by its MLmodel file."""
    return (directory / MLMODEL).is_file()


def image_of(model: MlflowModel, directory: Path) -> Dict[str, Any]:
    """env_params of the official image of the Python that the model was written under."""
    if model.python is None:
        raise refused("it does not say which Python wrote it", directory / MLMODEL, "name an image with --image")
    tag = model.python if model.loader == _NEEDS_OPENMP else f"{model.python}-slim"
    return {"framework_type": "custom_base_image", "ecr_repo": "python", "image_tag": tag}


def _said(model: MlflowModel, schemas: Schemas) -> List[str]:
    said = []
    if schemas.request is None:
        said.append(
            'the model has no signature: a request is {"inputs": ...}, nothing checks it, and rows of different '
            "requests are not put together"
        )
    elif not schemas.by_rows:
        said.append("the inputs have a fixed size: a request holds all rows of them")
    if model.loader not in (*OF_ROWS, "mlflow.pyfunc.model"):
        said.append(f"no test of this product serves {model.loader}: try it with `modelbundle serve` first")
    return said
