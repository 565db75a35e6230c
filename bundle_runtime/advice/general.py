"""What is said where no row knows more, by what failed."""

from __future__ import annotations

from typing import Optional, Tuple

from bundle_runtime.advice.row import ANY, IMPORT, LOAD, UNPICKLE, Row, Symptom, Values, World

_NAMES = {"AttributeError", "ImportError"}


def _of_names(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if _NAMES & set(symptom.types) else None


def _of_others(symptom: Symptom, world: World) -> Optional[Values]:
    return None if _NAMES & set(symptom.types) else {}


ROWS: Tuple[Row, ...] = (
    Row(
        "name-of-another-version", (UNPICKLE,), "The image has another version of that package than the one that "
        "pickled.",
        "Pickle with the image's version, or pin the same in requirements where the image lacks the package.",
        asks=_of_names, rank=ANY,
    ),
    Row(
        "pickle-not-made", (UNPICKLE,), "What the pickle holds cannot be made here; the traceback says whose code "
        "raised.",
        "Pickle the bundle again with the package versions that the image and requirements have.",
        asks=_of_others, rank=ANY,
    ),
    Row(
        "module-raises", (IMPORT,), "The bundle's own module raised while it was imported:",
        "fix the module and make a new bundle.", rank=ANY,
    ),
    Row(
        "code-raises", (LOAD,), "The code is the bundle's own:", "fix it and make a new bundle.", rank=ANY,
    ),
)  # fmt: skip
