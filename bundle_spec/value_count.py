"""How many values a bundle may have: what 192 KiB hold may be some hundred texts, or 95,000 numbers.

A value costs whoever handles it far more than its bytes: it is checked, ordered and written one by one, in Python. So
there is a bound, the same for operator, client and command. Pure, and Python 3.8+.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List

from bundle_spec.schema_limits import MAX_VALUES

# a list or a mapping counts as one, and so does each of what it holds; as many as a schema alone may have
LARGEST_COUNT = MAX_VALUES


def check_count(document: Mapping[str, Any]) -> None:
    """ValueError with the largest field, when a bundle document has more values than LARGEST_COUNT."""
    counts: Dict[str, int] = {name: count_values(value) for name, value in document.items()}
    total = sum(counts.values())
    if total <= LARGEST_COUNT:
        return
    largest = max(counts, key=lambda name: counts[name])
    way_out = "leave some out"
    if largest == "appConfig":
        way_out = "write it as one text, in appConfigJSON, or put it into the artifact"
    raise ValueError(
        f"$.{largest} has {counts[largest]} values and the bundle {total}, where {LARGEST_COUNT} are allowed: {way_out}"
    )


def count_values(value: Any) -> int:
    """The value itself and all within it; an empty list is one."""
    count = 0
    todo: List[Any] = [value]
    while todo:
        entry = todo.pop()
        count += 1
        if isinstance(entry, Mapping):
            todo.extend(entry.values())
        elif isinstance(entry, (list, tuple)):
            todo.extend(entry)
    return count
