"""What the MLmodel file says of a model, and what of it makes a bundle that cannot work.

It is read and checked as something that anybody may have written: of a limited size, and with no path that leads out of
the directory. The model itself is not opened: that runs code, and is left to the pod.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

from launch.bundle.manifest import ManifestError, read_value
from launch.packing.mlflow.refused import refused

MLMODEL = "MLmodel"
LARGEST = 1 << 20  # bytes, of MLmodel and of requirements.txt; a signature of 10,000 columns is smaller
NEWEST = 3  # the major version of MLflow whose files are known here
FLAVOUR = "python_function"  # the one that predicts from Python, whatever wrote the model
SAVE_AGAIN = "save it with mlflow.FLAVOUR.save_model(), or with mlflow.pyfunc.save_model() as a model of your own class"

# the loaders of libraries whose predict() gives a row of the result for each row that it gets
OF_ROWS = ("mlflow.sklearn", "mlflow.xgboost", "mlflow.lightgbm", "mlflow.onnx")
_JVM = ("mlflow.spark", "mlflow.h2o", "mlflow.johnsnowlabs")
# model_code_path is none of them: of it MLflow takes the file's name alone
_PATHS = ("model_path", "data", "code", "python_model", "pickled_model", "model_data", "model_weights")
_PYTHON = re.compile(r"(\d+\.\d+)(\.\w+)*\+?")


class MlflowModel(NamedTuple):
    """`python` is major.minor, or None where it is not said; `flavours` names the libraries beside python_function."""

    loader: str
    flavours: Tuple[str, ...]
    python: Optional[str]
    version: str
    signature: Mapping[str, Any]


def read_model(directory: Path, files: Mapping[str, Path]) -> MlflowModel:
    """The model of a directory, whose files are given by their paths in it; InvalidBundleError where it cannot work."""
    if MLMODEL not in files:
        below = sorted(name for name in files if name.endswith(f"/{MLMODEL}"))
        raise refused(
            f"the directory has no {MLMODEL} file, so MLflow did not write it as a model",
            directory,
            f"name the directory that has one: {directory / below[0].rpartition('/')[0]}"
            if below
            else "name what mlflow.FLAVOUR.save_model() wrote, or the artifact that log_model() made, downloaded",
        )
    content = _content(files[MLMODEL])
    version = _version(content, files[MLMODEL])
    flavours = content.get("flavors")
    if not isinstance(flavours, dict) or not flavours:
        raise refused("it names no flavours, so it is no file of MLflow", files[MLMODEL], SAVE_AGAIN)
    function = flavours.get(FLAVOUR)
    others = tuple(name for name in flavours if name != FLAVOUR)
    if not isinstance(function, dict):
        raise refused(
            f"the model has no {FLAVOUR} flavour ({_named(others)} alone), so it cannot be asked from Python",
            files[MLMODEL],
            SAVE_AGAIN,
        )
    _check_paths(flavours, files)
    loader = _loader(function, files[MLMODEL])
    python = _PYTHON.fullmatch(str(function.get("python_version") or ""))
    return MlflowModel(loader, others, python.group(1) if python else None, version, _signature(content, files))


def _content(file: Path) -> Dict[str, Any]:
    size = file.stat().st_size
    if size > LARGEST:
        raise refused(
            f"the file has {size} bytes, {LARGEST} are read", file, "save the model again: it is a short text"
        )
    try:
        return read_value(file)
    except ManifestError as error:
        said = str(error).replace(f"{file} ", "", 1).splitlines()
        raise refused(f"the file {' '.join(line.strip() for line in said)}", file, "save the model again") from None


def _version(content: Mapping[str, Any], file: Path) -> str:
    """Of the MLflow that wrote it; empty where it is so old that it does not say so."""
    version = str(content.get("mlflow_version") or "")
    major = re.match(r"\d+", version)
    if version and not major:
        raise refused(f"mlflow_version is {version!r}, which is no version", file, "save the model again")
    if major and int(major.group()) > NEWEST:
        raise refused(
            f"MLflow {version} wrote it, and files of MLflow {NEWEST} are the newest that are known here",
            file,
            f"install a newer model-bundles, or save the model with MLflow {NEWEST}",
        )
    return version


def _loader(function: Mapping[str, Any], file: Path) -> str:
    """The module of MLflow, or of the model's own code, that loads it."""
    loader = function.get("loader_module")
    if not isinstance(loader, str) or not loader:
        raise refused(f"the flavour {FLAVOUR} has no loader_module", file, SAVE_AGAIN)
    if loader in _JVM:
        raise refused(
            f"the flavour {loader.partition('.')[2]} needs a Java machine, which a bundle's pod has not",
            file,
            "serve it where Spark is, or save it with mlflow.onnx.save_model() once it is converted to ONNX",
        )
    if not loader.startswith("mlflow.") and not function.get("code"):
        raise refused(
            f"the unknown flavour {loader!r} loads it, which is no module of MLflow, and the model carries no code",
            file,
            "save it with code_paths=[...], so that the module lies in the model's directory",
        )
    return loader


def _check_paths(flavours: Mapping[str, Any], files: Mapping[str, Path]) -> None:
    for where, path in _paths(flavours):
        parts = path.replace("\\", "/").split("/")
        if path.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in path:
            raise refused(
                f"{where} is {path!r}, which leads out of the model's directory",
                files[MLMODEL],
                "do not use this model; one that MLflow wrote names its own files alone",
            )
        inside = "/".join(part for part in parts if part not in ("", "."))
        if inside and inside not in files and not any(name.startswith(f"{inside}/") for name in files):
            raise refused(
                f"{where} is {path!r}, and there is no such file to pack",
                files[MLMODEL],
                "download the model again; a link to a file elsewhere is not followed",
            )


def _paths(flavours: Mapping[str, Any]) -> Iterator[Tuple[str, str]]:
    for flavour, fields in flavours.items():
        if not isinstance(fields, dict):
            continue
        for name in _PATHS:
            value = fields.get(name)
            if isinstance(value, str):
                yield f"flavors.{flavour}.{name}", value
        artifacts = fields.get("artifacts")
        for name, entry in artifacts.items() if isinstance(artifacts, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                yield f"flavors.{flavour}.artifacts.{name}.path", entry["path"]


def _signature(content: Mapping[str, Any], files: Mapping[str, Path]) -> Dict[str, Any]:
    """inputs, outputs and params, each a list or None; MLflow keeps them as JSON in texts of YAML."""
    signature = content.get("signature") or {}
    found: Dict[str, Any] = {}
    for name in ("inputs", "outputs", "params"):
        text = signature.get(name) if isinstance(signature, dict) else ""
        try:
            value = json.loads(text) if isinstance(text, str) and text else text
        except (ValueError, RecursionError):
            value = text
        if value is not None and not (isinstance(value, list) and all(isinstance(entry, dict) for entry in value)):
            raise refused(
                f"signature.{name} is no list of columns or tensors", files[MLMODEL], "save the model with a signature"
            )
        found[name] = value or None
    return found


def _named(flavours: Tuple[str, ...]) -> str:
    return ", ".join(map(str, flavours[:5])) or "none"
