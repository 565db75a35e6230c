"""How long a bundle's start took, part by part: for people as bars, for programs as numbers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List, Optional

from bundle_spec.startup import CHECK, DETAILS, PARTS, WHOLE, parts_of

WIDTH = 30  # of the longest bar
LOAD = "load"
MOST_STEPS = 16
REST = "other"
_SAYS = {
    CHECK: "before the pod was made: the Job that tried the bundle without a GPU",
    REST: "not told apart by the operator that wrote it",
}


def startup_json(bundle: Mapping[str, Any], loaded: Optional[Mapping[str, Any]] = None) -> Optional[Dict[str, Any]]:
    """The whole, its parts in their order, and which is the longest; None where the bundle has not started yet.

    `check` was before the whole began. `loaded` is what a worker says of its load, step by step.
    """
    startup = _numbers((bundle.get("status") or {}).get("startup") or {})
    if WHOLE not in startup:
        return None
    parts = parts_of(startup)
    rest = startup[WHOLE] - sum(parts.values())
    if rest >= 1:  # an older operator wrote it
        parts[REST] = rest
    return {
        "seconds": startup[WHOLE],
        "slowest": max(parts, key=lambda name: parts[name], default=None),
        "check": startup.get(CHECK),
        "parts": [
            {"name": name, "seconds": seconds, "says": _says(name), "details": _details(name, startup, loaded or {})}
            for name, seconds in parts.items()
        ],
    }


def startup_title(found: Mapping[str, Any]) -> str:
    """What `startup_json` found, in one line."""
    longest = f", longest: {found['slowest']}" if found["slowest"] else ""
    return f"Start, {_seconds(found['seconds'])} from the pod's creation until it answered{longest}"


def startup_rows(found: Mapping[str, Any]) -> List[List[str]]:
    """A row for each part: its name, its seconds, a bar, and what went on."""
    parts: List[Mapping[str, Any]] = list(found["parts"])
    if found["check"] is not None:
        parts.insert(0, {"name": CHECK, "seconds": found["check"], "says": _SAYS[CHECK], "details": {}})
    most = max([part["seconds"] for part in parts], default=0.0)
    return [
        [part["name"], _seconds(part["seconds"]), _bar(part["seconds"], most), part["says"] + _measured(part)]
        for part in parts
    ]


def _bar(seconds: float, most: float) -> str:
    return "#" * max(1, round(WIDTH * seconds / most)) if seconds > 0 and most > 0 else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s"


def _measured(part: Mapping[str, Any]) -> str:
    found = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in part["details"].items())
    return f" ({found})" if found else ""


def _says(name: str) -> str:
    return PARTS.get(name) or _SAYS[name]


def _details(name: str, startup: Mapping[str, float], loaded: Mapping[str, Any]) -> Dict[str, float]:
    if name == LOAD:
        steps = [(step, seconds) for step, seconds in _numbers(loaded).items() if step.isidentifier()]
        return dict(steps[:MOST_STEPS])
    return {step: startup[step] for step, part in DETAILS.items() if part == name and step in startup}


def _numbers(startup: Any) -> Dict[str, float]:
    """Who may write a status, or an answer, may write anything there."""
    if not isinstance(startup, Mapping):
        return {}
    return {
        str(name)[:32]: float(value)
        for name, value in startup.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
    }
