"""What a run leaves: a page, and the JSON that the page can be made from again and another run compared with.

The page is made from what the JSON holds and not from what was measured, so the two always agree.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"
DIGITS = 7  # more than the noise leaves, and enough for every page to round as it did
WIDTH = 160


def machine() -> dict[str, Any]:
    """What a figure depends on beside the code."""
    return {"python": platform.python_version(), "kernel": platform.release(), "processors": os.cpu_count()}


def publish(name: str, result: dict[str, Any], page: Callable[[dict[str, Any]], str], to: Path = RESULTS) -> str:
    """Writes NAME.json and NAME.md and prints the page; answers it."""
    text = as_text(result)
    made = page(json.loads(text))
    to.mkdir(exist_ok=True, parents=True)
    (to / f"{name}.json").write_text(text + "\n")
    (to / f"{name}.md").write_text(made)
    print(made)
    return made


def read(name: str, directory: Path = RESULTS) -> dict[str, Any]:
    return dict(json.loads((directory / f"{name}.json").read_text()))


def as_text(value: Any, indent: int = 0) -> str:
    """JSON with a line for each row that fits one, and figures without the digits that mean nothing."""
    line = json.dumps(_rounded(value), ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, (dict, list)) or _is_row(value):
        return line
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(key)}: {as_text(each, indent + 1)}" for key, each in value.items()]
    else:
        parts = [pad + as_text(each, indent + 1) for each in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return first + "\n" + ",\n".join(parts) + f"\n{' ' * indent}{last}"


def _is_row(value: Any) -> bool:
    """Figures and texts under their names, or lists of such."""
    below = value.values() if isinstance(value, dict) else ()
    parts = [part for each in below for part in (each if isinstance(each, list) else [each])]
    return bool(parts) and not any(isinstance(part, (dict, list)) for part in parts)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
