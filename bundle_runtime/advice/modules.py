"""A module that is not found: of a package, of the user's own files, or of the image's working directory."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.package_versions import PACKAGES, package_of
from bundle_runtime.advice.row import (
    ARTIFACT,
    FIELDS,
    IMPORT,
    KIND,
    LOAD,
    PACK,
    UNPICKLE,
    USER_CODE,
    Row,
    Symptom,
    Values,
    World,
)

WORKDIR = "One in the image's WORKDIR is found when ENV PYTHONPATH of the image names that."
_PACKAGE = (
    "Where a package brings it, add NAME==VERSION to spec.bundle.requirements (NAME may be another than the module's; "
    "`pip show NAME` where it works has the VERSION). "
)
_BUILDS = {"opencv-python-headless": " opencv-python", "faiss-cpu": " faiss-gpu"}  # of one code and one number
_USUAL_WORKDIRS = ("/app", "/workspace", "/code", "/src", "/srv", "/srv/app", "/opt/app", "/usr/src/app", "/home/app")
_MISSING = r"No module named '(?P<name>[^']+)'"


def _is_missing(symptom: Symptom, world: World) -> bool:
    """Not one module of a package that is there."""
    return bool(symptom.module) and not world.version(package_of(symptom.module))


def _other_name(symptom: Symptom, world: World) -> Optional[Values]:
    package = package_of(symptom.module)
    if package not in PACKAGES.values() or not _is_missing(symptom, world):
        return None
    return {"package": package, "shown": f"{package}{_BUILDS.get(package, '')}"}


def _in_workdir(symptom: Symptom, world: World) -> Optional[Values]:
    top = symptom.module.partition(".")[0]
    if not top.isidentifier():
        return None
    for directory in _USUAL_WORKDIRS:
        if world.exists(f"{directory}/{top}.py") or world.exists(f"{directory}/{top}"):
            return {"directory": directory, "top": top}
    return None


def _missing(symptom: Symptom, world: World) -> Optional[Values]:
    return {"top": symptom.module.partition(".")[0]} if _is_missing(symptom, world) else None


def _bundle_file(symptom: Symptom, world: World) -> Optional[Values]:
    """A file of the bundle was taken for a package."""
    found = re.search(r"\(([^()]+/bundle/artifact/([^()/]+?)(\.py|/__init__\.py))\)", symptom.text)
    if found is None:
        return None
    name = found[2]
    hides = world.is_standard(name) or bool(world.version(package_of(name)))
    return {"file": name + found[3], "hides": name if hides else ""}


def _hiding_file(symptom: Symptom, world: World) -> Optional[Values]:
    values = _bundle_file(symptom, world)
    return values if values and values["hides"] else None


def _circle(symptom: Symptom, world: World) -> Optional[Values]:
    values = _bundle_file(symptom, world)
    return values if values and not values["hides"] and "partially initialized" in symptom.text else None


ROWS: Tuple[Row, ...] = (
    Row(
        "package-by-another-name", USER_CODE, "The image lacks the module {name}, which the package {package} "
        "brings.",
        "Add {package}==VERSION to spec.bundle.requirements (the package's name, not the module's); `pip show {shown}` "
        "where the code works says which VERSION.", edits=(FIELDS,), error="ModuleNotFoundError", text=_MISSING,
        asks=_other_name,
    ),
    Row(
        "local-module", (PACK,), "The functions use {name}, a module of this machine that is in no package: where "
        "they are served it is missing, unless the image has it.",
        "Pass globals_copy=globals() to pickle it with the functions, or make the bundle of its folder "
        "(create_model_bundle_from_dirs).", text=r"^uses the local module (?P<name>\S+)$",
        edits=(),
    ),
    Row(
        "code-in-workdir", USER_CODE, "The module {top} lies in {directory} of the image, which is not on Python's "
        "path: the bundle's own directory is the working directory, not the image's WORKDIR.",
        "Set ENV PYTHONPATH={directory} in the image and name that image ({image}), or pack the code with the bundle.",
        error="ModuleNotFoundError", text=_MISSING, asks=_in_workdir,
    ),
    Row(
        "file-hides-a-package", USER_CODE, "The bundle's own file {file} is imported in the place of a package or "
        "module of the same name.", "Rename {file}: the bundle's files come first on Python's path.",
        edits=(ARTIFACT,),
        error="ImportError|AttributeError",
        text="partially initialized module|cannot import name|has no attribute", asks=_hiding_file,
    ),
    Row(
        "circular-import", USER_CODE, "The bundle's own module {file} is imported while it is being imported itself: "
        "two modules import each other, or one imports itself.",
        "Move what both need into a third module, or import inside the function that uses it.", edits=(ARTIFACT,),
        error="ImportError|AttributeError", text="partially initialized module", asks=_circle,
    ),
    Row(
        "optional-package", USER_CODE, "A package needs {name} for this, and the image lacks it.",
        "Add {name} to spec.bundle.requirements.", edits=(FIELDS,), error="ImportError",
        text=r"Missing optional dependency '(?P<name>[\w.-]+)'|requires the (?P<name2>[\w.-]+) library but it was not "
        r"found|pip install '?(?P<name3>[\w.-]+(\[[\w,]+\])?)",
    ),
    Row(
        "load-function", (LOAD,), "The path of a load function starts at the top of the zip: predict.load is the "
        "function load of the file predict.py there.",
        "Correct the path, or make the zip again with that function at its place.",
        error="RuntimeFailure", text=r"^LoadFunctionNotFound: load(Predict|Model)Fn is ",
    ),
    Row(
        "missing-module", (UNPICKLE,), "The image lacks the module '{name}'.",
        _PACKAGE + "Where {top} is yours, pickle it by value (globals_copy of the client, or "
        "cloudpickle.register_pickle_by_value), or pack the folder that it is in. " + WORKDIR,
        error="ModuleNotFoundError", text=_MISSING, asks=_missing, rank=KIND,
    ),
    Row(
        "missing-import", (IMPORT, LOAD), "The image lacks the module '{name}'.",
        _PACKAGE + "Where {top} is yours, correct its name, or put its file or folder at the top of the bundle's "
        "folder or zip. " + WORKDIR,
        error="ModuleNotFoundError", text=_MISSING, asks=_missing, rank=KIND,
    ),
)  # fmt: skip
