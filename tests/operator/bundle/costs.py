"""The costliest bundles that a tenant may write, each of a size n; and what a look costs, counted and not timed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def references(n: int) -> Body:
    """Schemas that refer to each other."""
    many = {
        f"a{i}": {"properties": {f"p{j}": {"$ref": f"#/$defs/a{(i * 7 + j * 13) % n}"} for j in range(6)}}
        for i in range(n)
    }
    return {"requestSchema": {"$defs": many, "$ref": "#/$defs/a0"}, "responseSchema": {"type": "object"}}


def wide(n: int) -> Body:
    return {"appConfig": {f"k{i}": {f"{j:x}": 1 for j in range(14)} for i in range(n)}}


def deep(n: int) -> Body:
    """A path of n keys, some times."""
    value: Any = 1
    for _ in range(n):
        value = {"a": value}
    return {"appConfig": {f"k{i}": value for i in range(50)}}


def calls(compute: Callable[[], object]) -> int:
    """How many functions are called meanwhile, in Python and in C."""
    count = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    gc.collect()
    gc.disable()  # what other tests left would be ended meanwhile
    sys.setprofile(note)
    try:
        compute()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count
