"""Lines of Markdown that every page of a benchmark has. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Run = dict[str, Any]


def line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def table(heads: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    return "\n".join([line(*heads), f"|{'---|' * len(heads)}", *(line(*row) for row in rows)])


def versions(result: Run) -> str:
    return ", ".join(f"{name} {version}" for name, version in result["versions"].items())


def one_line(text: str) -> str:
    """For a cell, or a line of a list."""
    return " ".join(text.split()).replace("|", "\\|")


def each(runs: Sequence[Run], key: str) -> list[Any]:
    """The values of a key, in the order in which they came."""
    return list(dict.fromkeys(run[key] for run in runs))


def where(runs: Sequence[Run], **wanted: Any) -> list[Run]:
    return [run for run in runs if all(run[key] == value for key, value in wanted.items())]


def median(runs: Sequence[Run], key: str) -> float:
    return float(statistics.median(run[key] for run in runs))


def spread(runs: Sequence[Run], key: str, text: Callable[[float], str]) -> str:
    """The median, and where there are several the least and the most."""
    values = [run[key] for run in runs]
    middle = text(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({text(min(values))} to {text(max(values))})"
