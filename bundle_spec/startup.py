"""`status.startup`: the parts of a start in their order, and which of them took longest. Pure, and Python 3.8+.

The parts follow one another without a gap, from the pod's creation until it was ready: they add up to `ready`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict

WHOLE = "ready"
CHECK = "check"  # before the pod is made, and no part of the whole

PARTS: Mapping[str, str] = {
    "scheduled": "until a node took the pod",
    "images": "images were pulled, volumes mounted and containers started",
    "retries": "containers failed and were started again, images included",
    "prepare": "prepare fetched the artifact",
    "install": "install put the requirements in place",
    "load": "the worker started, imported and loaded the bundle",
}
# of a part, measured by the container itself
DETAILS: Mapping[str, str] = {
    "download": "prepare",
    "verify": "prepare",
    "unpack": "prepare",
    "layerDownload": "prepare",  # that it waited for the layer beyond what the artifact took
    "layerUnpack": "prepare",
    "resolve": "install",
    "layer": "install",
}


def parts_of(startup: Mapping[str, Any]) -> Dict[str, float]:
    """Those parts that a `status.startup` has, in their order."""
    return {name: float(startup[name]) for name in PARTS if name in startup}


def slowest(startup: Mapping[str, Any]) -> str:
    """The longest part in words; empty where none took a second."""
    found = parts_of(startup)
    name = max(found, key=lambda part: found[part], default="")
    if not name or found[name] < 1:
        return ""
    whole = float(startup.get(WHOLE) or sum(found.values()))
    return f"{name}, {found[name]:.0f} of {whole:.0f} s: {PARTS[name]}"
