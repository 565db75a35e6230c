"""Values in pydantic 2 models: bytes and timedelta become what they become anywhere else in a prediction.

Only the model knows its serializers, some of which are for JSON alone, so its own JSON is the truth. But bytes are
UTF-8 text there and a timedelta is ISO 8601 text. Where it has exactly these, and the same model as Python values has
bytes or a timedelta in that place, our rules take over; what a serializer or the model's config made is left alone.
"""

from __future__ import annotations

import datetime
import enum
from typing import Any

_SAME = frozenset((str, int, float, bool, type(None)))


def apply_encoding_rules(text: Any, value: Any) -> Any:
    """``text``: the model in JSON's types; ``value``: in Python's."""
    kind = type(value)
    if kind in _SAME:
        return text
    if isinstance(value, dict):
        if type(text) is not dict or len(text) != len(value):
            return text
        return {key: apply_encoding_rules(item, its) for (key, item), its in zip(text.items(), value.values())}
    if isinstance(value, (list, tuple)):
        if type(text) is not list or len(text) != len(value) or _SAME.issuperset(map(type, value)):
            return text
        return [apply_encoding_rules(item, its) for item, its in zip(text, value)]
    if isinstance(value, (set, frozenset)):
        return value if type(text) is list and _all_in(text, value) else text
    if isinstance(value, enum.Enum):
        value = value.value
    return value if _is_default(text, value) else text


def _all_in(texts: list[Any], values: Any) -> bool:
    """For sets, which have no order."""
    return bool(values) and all(any(_is_default(text, value) for value in values) for text in texts)


def _is_default(text: Any, value: Any) -> bool:
    """pydantic's own text for bytes or a timedelta."""
    if type(text) is not str:
        return False
    if isinstance(value, (bytes, bytearray)):
        return text == value.decode("utf-8", "replace")
    return isinstance(value, datetime.timedelta) and text.lstrip("-").startswith("P")
