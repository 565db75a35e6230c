"""Memory that is too little, with the sizes where they are known."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import ENDED, KIND, USER_CODE, Row, Symptom, Values, World


def _limit(symptom: Symptom, world: World) -> Optional[Values]:
    return {"limit": f" (its limit is {world.memory})" if world.memory else ""}


def _short_of_memory(symptom: Symptom, world: World) -> Optional[Values]:
    said = re.search("(?i)out of memory|cannot allocate memory|bad_alloc", symptom.text)
    return _limit(symptom, world) if said or {"MemoryError", "OutOfMemoryError"} & set(symptom.types) else None


ROWS: Tuple[Row, ...] = (
    Row(
        "array-too-large", USER_CODE, "There was no room for {size} more{limit}.",
        "Give the bundle more memory (serving.resources.memory): a model that is unpickled needs its size once, one "
        "that is converted twice. A smaller type (float32) halves it; numpy.load(mmap_mode='r') reads as it is used.",
        text=r"Unable to allocate (?P<size>[\d.]+ [KMGTPE]?i?B)|can't allocate memory: you tried to allocate "
        r"(?P<size2>\d+ bytes)", asks=_limit,
    ),
    Row(
        "memory-error", USER_CODE, "There was not enough memory{limit}.",
        "Give the bundle more memory (serving.resources.memory), or another GPU where it is the GPU's.",
        asks=_short_of_memory, rank=KIND,
    ),
    Row(
        "out-of-memory", (ENDED,), "container {container} {how}{limit}.",
        "Raise serving.resources.memory, or make the model smaller.",
        text=r"^(?P<container>worker|install) (?P<how>ran out of memory|was killed \(exit code 137\), most likely out "
        r"of memory)",
        asks=_limit,
    ),
)  # fmt: skip
