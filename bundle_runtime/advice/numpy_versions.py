"""NumPy 2 and NumPy 1 read each other's pickles in part, and a compiled package works with those it was built for."""

from __future__ import annotations

from typing import Optional, Tuple

from bundle_runtime.advice.row import ARTIFACT, FIELDS, USER_CODE, Row, Symptom, Values, World, anew, brought

_GO_TOGETHER = (
    "Ask for a version of it in spec.bundle.requirements that goes with the image's NumPy, or choose an image whose "
    "packages do ({image})."
)


def major(version: str) -> int:
    """0 where it is not known."""
    first = version.partition(".")[0]
    return int(first) if first.isdigit() else 0


def _is_1(symptom: Symptom, world: World) -> Optional[Values]:
    have = world.version("numpy")
    return {"have": have, "source": world.source("numpy")} if major(have) == 1 else None


def _is_2(symptom: Symptom, world: World) -> Optional[Values]:
    have = world.version("numpy")
    return {"have": have, "source": world.source("numpy")} if major(have) >= 2 else None


def _any(symptom: Symptom, world: World) -> Optional[Values]:
    return {"have": world.version("numpy") or "another version"}


ROWS: Tuple[Row, ...] = (
    Row(
        "numpy-2-pickle", USER_CODE, "NumPy 2 wrote it, and NumPy {have} {source} cannot read it (numpy._core came "
        "with NumPy 2).", f"{anew('NumPy')}; {brought('NumPy 2')}",
        error="ModuleNotFoundError", text=r"No module named 'numpy\._core", asks=_is_1,
    ),
    Row(
        "numpy-1-pickle", USER_CODE, "NumPy 1 wrote it, and NumPy {have} {source} cannot read it: what it names "
        "({name}) is not there any more.", f"{anew('NumPy')}; {brought('NumPy 1')}",
        error="ModuleNotFoundError|AttributeError|ImportError",
        text=r"No module named '(?P<name>numpy\.(core|lib|random|ma)[\w.]*)'|"
        r"Can't get attribute '(?P<name2>\w+)' on <module 'numpy[.']", asks=_is_2,
    ),
    Row(
        "numpy-random-pickle", USER_CODE, "It holds a random generator of another NumPy than the image's {have}.",
        anew("NumPy") + ", or keep the seed instead of the generator (random_state=0 of scikit-learn) and "
        "write it again.",
        edits=(ARTIFACT,),
        error="ValueError|TypeError", text="is not a known BitGenerator|__(bit_generator|generator|randomstate)_ctor",
        asks=_any,
    ),
    Row(
        "compiled-for-numpy-1", USER_CODE, "A compiled package in the traceback was built for NumPy 1, and the image "
        "has NumPy {have}.", _GO_TOGETHER, edits=(FIELDS,),
        error="ImportError|AttributeError|RuntimeError|SystemError",
        text="compiled using NumPy 1|_ARRAY_API not found|numpy.core.multiarray failed to import|"
        "numpy._core.multiarray failed to import", asks=_is_2,
    ),
    Row(
        "compiled-for-another-numpy", USER_CODE, "A compiled package in the traceback was built for another NumPy "
        "than the image's {have}.", _GO_TOGETHER, edits=(FIELDS,),
        error="ValueError|RuntimeError|ImportError",
        text="numpy.dtype size changed|numpy.ndarray size changed|compiled against (ABI|API) version", asks=_any,
    ),
    Row(
        "numpy-removed-name", USER_CODE, "The code, or a package in the traceback, uses numpy.{name}, which NumPy "
        "{have} does not have any more.",
        "Replace it (numpy.float by float, numpy.float_ by numpy.float64), ask in spec.bundle.requirements for a newer "
        "version of the package, or choose an image with the NumPy that it was written for ({image}).",
        error="AttributeError",
        text=r"module 'numpy' has no attribute '(?P<name>\w+)'|`np\.(?P<name2>\w+)` was removed in the NumPy "
        r"2", asks=_any,
    ),
)  # fmt: skip
