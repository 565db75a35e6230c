"""Fields that a structural schema does not know: kubectl refuses them, other clients have them dropped in silence.

Free-form values are not looked into. Pure, and Python 3.8+.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Dict, List

from bundle_spec.json_path import below

Schema = Dict[str, Any]


def unknown_fields(value: Any, schema: Schema, path: str = "") -> List[str]:
    """Each field below the value that the schema does not have, with its path and what may be meant."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return []
    if isinstance(value, list):
        items = schema.get("items", {})
        return [line for index, entry in enumerate(value) for line in unknown_fields(entry, items, below(path, index))]
    if not isinstance(value, Mapping) or "properties" not in schema:
        return []
    fields: Dict[str, Any] = schema["properties"]
    found: List[str] = []
    for name, entry in value.items():
        if name in fields:
            found += unknown_fields(entry, fields[name], below(path, name))
        else:
            found.append(f"{below(path, str(name))} is not a field of a bundle: {_meant(str(name), list(fields))}")
    return found


def _meant(name: str, fields: List[str]) -> str:
    near = difflib.get_close_matches(name, fields, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(fields)}"
