"""Memory that is too little, with the sizes where they are known."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import ARTIFACT, ENDED, KIND, SERVING, USER_CODE, Row, Symptom, Values, World

_SIZE = (
    r"Unable to allocate (?P<size>[\d.]+ [KMGTPE]?i?B)|"
    r"can't allocate memory: you tried to allocate (?P<size2>\d+ bytes)"
)
_ASKED = r"allocate ((?P<size>[\d.]+) (?P<unit>[KMGTPE])i?B|(?P<bytes>\d+) bytes)"
_IN_PARTS = "Compute it in parts, or sparse (scipy.sparse: scipy in the image or in spec.bundle.requirements)."
_MORE = "Or set spec.serving.resources.memory to what all of it needs, which one node has to have."
_ANY_MACHINE = 64 * 2.0**40  # the largest machines to rent have 32 TiB


def _limit(symptom: Symptom, world: World) -> Optional[Values]:
    """What it may have now, and whose memory that is."""
    if world.memory:
        return {"limit": f" (its limit, spec.serving.resources.memory, is {world.memory})"}
    node = f": its node's {world.node_memory} are short" if world.node_memory else ""
    return {"limit": f" (it has no limit{node})" if node else ""}


def _container_limit(symptom: Symptom, world: World) -> Optional[Values]:
    return {"limit": f" (its limit is {world.memory})" if world.memory else ""}


def _short_of_memory(symptom: Symptom, world: World) -> Optional[Values]:
    said = re.search("(?i)out of memory|cannot allocate memory|bad_alloc", symptom.text)
    return _limit(symptom, world) if said or {"MemoryError", "OutOfMemoryError"} & set(symptom.types) else None


def _asked(text: str) -> float:
    """The bytes that were asked for; 0 where it is not said."""
    found = re.search(_ASKED, text)
    if found is None:
        return 0
    if found["bytes"]:
        return float(found["bytes"])
    return float(found["size"]) * 2.0 ** (10 * (1 + "KMGTPE".index(found["unit"])))


def _has_room(symptom: Symptom, world: World) -> Optional[Values]:
    return _limit(symptom, world) if _asked(symptom.text) < _ANY_MACHINE else None


def _has_no_room(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if _asked(symptom.text) >= _ANY_MACHINE else None


ROWS: Tuple[Row, ...] = (
    Row(
        "array-beyond-any-machine", USER_CODE, "{size} were asked for in one piece, and no machine has that: the size "
        "is wrong, not the memory too little.",
        "Look at the line above and the shape: a count squared (all against all), bytes taken for a length, ids taken "
        "for a count. " + _IN_PARTS,
        text=_SIZE, asks=_has_no_room, edits=(ARTIFACT,),
    ),
    Row(
        "array-too-large", USER_CODE, "There was no room for {size} more{limit}.",
        "Is that size right? A smaller type (float32) halves it; numpy.load(mmap_mode='r') reads as it is used. "
        + _IN_PARTS + " " + _MORE,
        text=_SIZE, asks=_has_room, edits=(ARTIFACT, SERVING),
    ),
    Row(
        "memory-error", USER_CODE, "The code asked for memory, and the container got none{limit}.",
        "Print the numbers of the line above: an entry of a list or of float64 takes 8 bytes, and a count may be "
        "wrong. "
        + _IN_PARTS + " " + _MORE,
        asks=_short_of_memory, rank=KIND, edits=(ARTIFACT, SERVING),
    ),
    Row(
        "out-of-memory", (ENDED,), "container {container} {how}{limit}.",
        "Raise spec.serving.resources.memory, or make the model smaller.",
        text=r"^(?P<container>worker|install) (?P<how>ran out of memory|was killed \(exit code 137\), most likely out "
        r"of memory)",
        asks=_container_limit, edits=(ARTIFACT, SERVING),
    ),
)  # fmt: skip
