"""The packages that a model of MLflow is served with: those that it names, with the small MLflow where that is enough.

mlflow brings a tracking server, a database and some sixty packages. To load a model of scikit-learn, XGBoost, LightGBM
or ONNX the part called mlflow-skinny is enough, with pandas.
"""

from __future__ import annotations

from pathlib import Path
from typing import List, Mapping, Optional

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bundle_spec.requirement_rule import entries_of_file, split_hashes, text_of_file
from launch.errors import InvalidBundleError
from launch.packing.app_config import checked_requirements
from launch.packing.mlflow.model_file import LARGEST, OF_ROWS, MlflowModel
from launch.packing.mlflow.refused import refused

REQUIREMENTS = "requirements.txt"
_SKINNY = "mlflow-skinny"
_OWN_LIST = "give --requirements FILE with a list of your own"


def packages_of(model: MlflowModel, files: Mapping[str, Path], given: Optional[List[str]]) -> List[str]:
    """`given`, else the requirements of the model's own file as they are served."""
    entries = given if given is not None else _entries(files)
    named = {canonicalize_name(Requirement(split_hashes(entry)[0]).name) for entry in entries}
    small = model.loader in OF_ROWS
    if not named & {"mlflow", _SKINNY}:
        version = f"=={model.version}" if model.version else ""
        entries = [f"{_SKINNY if small else 'mlflow'}{version}", *entries]
    if given is not None or not small:
        return entries
    served = [_skinny(entry) for entry in entries]
    return list(dict.fromkeys(served if "pandas" in named else [*served, "pandas"]))


def _skinny(entry: str) -> str:
    requirement = Requirement(split_hashes(entry)[0])
    if canonicalize_name(requirement.name) != "mlflow":
        return entry
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{_SKINNY}{requirement.specifier}{marker}"


def _entries(files: Mapping[str, Path]) -> List[str]:
    file = files.get(REQUIREMENTS)
    if file is None:
        raise refused(f"the model has no {REQUIREMENTS}", "its directory", _OWN_LIST)
    if file.stat().st_size > LARGEST:
        raise refused(f"the file has more than {LARGEST} bytes", file, _OWN_LIST)
    try:
        return checked_requirements(entries_of_file(text_of_file(file.read_bytes())), REQUIREMENTS)
    except (InvalidBundleError, UnicodeDecodeError) as error:
        raise refused(f"a requirement cannot be used: {' '.join(str(error).split())}", file, _OWN_LIST) from None
