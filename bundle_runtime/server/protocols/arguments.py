"""The argument that a bare value is, for protocols whose rows need not name what they are. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple


class OneArgument(NamedTuple):
    """``name`` is what a value without a name is, None where it could be several. ``alone``: predict_fn takes no other,
    so an object without that name is its value too."""

    name: str | None
    alone: bool

    def names_itself(self, value: Any) -> bool:
        """The value holds the fields of a request."""
        return type(value) is dict and not (self.alone and value and self.name not in value)


def one_argument(schema: Any, fields: dict[str, list[str]]) -> OneArgument:
    """By the request schema's JSON, None without one, and by the ``fields`` that the worker says predict_fn takes and
    needs."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    takes = fields.get("takes", [])
    for names in (list(properties) if isinstance(properties, dict) else [], takes, fields.get("needs", [])):
        if len(names) == 1:
            return OneArgument(names[0], takes == names)
    return OneArgument(None, False)
