"""All rows, and the one that speaks about a failure."""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Tuple

from bundle_runtime.advice import (
    artifact_files,
    devices,
    environment,
    general,
    in_a_server,
    libraries,
    memory,
    modules,
    names_gone,
    network,
    numpy_versions,
    package_versions,
    paths,
    processes,
    pythons,
    requirements,
    stores,
    text_encodings,
    weights,
    written_elsewhere,
)
from bundle_runtime.advice.row import Advice, Row, Symptom, World, fits, worded

# by what they are about, as the page of them has it
GROUPS: Dict[str, Tuple[Row, ...]] = {
    "The artifact is another file": artifact_files.ROWS,
    "It was written elsewhere": written_elsewhere.ROWS,
    "Another Python": pythons.ROWS,
    "Another NumPy": numpy_versions.ROWS,
    "Another version of a package": package_versions.ROWS,
    "Code for another version": names_gone.ROWS,
    "A module is not found": modules.ROWS,
    "A shared library is not found, or does not fit": libraries.ROWS,
    "Requirements": requirements.ROWS,
    "The artifact store": stores.ROWS,
    "GPUs": devices.ROWS,
    "Files and programs": paths.ROWS,
    "Files of weights": weights.ROWS,
    "Files of text": text_encodings.ROWS,
    "Variables and credentials": environment.ROWS,
    "Hubs and the network": network.ROWS,
    "Memory": memory.ROWS,
    "A script or a notebook becomes a server": in_a_server.ROWS,
    "A process does not start, or ends": processes.ROWS,
    "Whatever else": general.ROWS,
}
TABLE: Tuple[Row, ...] = tuple(row for rows in GROUPS.values() for row in rows)


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
                best = (row.rank, worded(row, values, world))
    return best[1] if best else None


def advice_for(phase: str, text: str, world: Optional[World] = None) -> Optional[Advice]:
    """Of a failure that is known by its text alone."""
    return advice([Symptom(phase, text)], world or World())
