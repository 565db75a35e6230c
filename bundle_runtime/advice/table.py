"""All rows, and the one that speaks about a failure."""

from __future__ import annotations

from typing import Iterable, List, Optional, Tuple

from bundle_runtime.advice import (
    artifact_files,
    devices,
    environment,
    general,
    libraries,
    memory,
    modules,
    network,
    numpy_versions,
    package_versions,
    paths,
    processes,
    pythons,
    written_elsewhere,
)
from bundle_runtime.advice.row import Advice, Row, Symptom, World, fits, worded

TABLE: Tuple[Row, ...] = (
    *artifact_files.ROWS,
    *written_elsewhere.ROWS,
    *pythons.ROWS,
    *numpy_versions.ROWS,
    *package_versions.ROWS,
    *modules.ROWS,
    *libraries.ROWS,
    *devices.ROWS,
    *paths.ROWS,
    *environment.ROWS,
    *network.ROWS,
    *memory.ROWS,
    *processes.ROWS,
    *general.ROWS,
)


def fitting(symptom: Symptom, world: World) -> List[Row]:
    """Every row that fits; tests see that no two of one rank do."""
    return [row for row in TABLE if fits(row, symptom, world) is not None]


def advice(symptoms: Iterable[Symptom], world: World) -> Optional[Advice]:
    """Of an exception and what led to it, the outermost first: the row of the lowest rank, and of those the first."""
    best: Optional[Tuple[int, Advice]] = None
    for symptom in symptoms:
        for row in TABLE:
            if best is not None and row.rank >= best[0]:
                continue
            values = fits(row, symptom, world)
            if values is not None:
                best = (row.rank, worded(row, values))
    return best[1] if best else None


def advice_for(phase: str, text: str, world: Optional[World] = None) -> Optional[Advice]:
    """Of a failure that is known by its text alone."""
    return advice([Symptom(phase, text)], world or World())
