"""What a POST leaves behind in managedFields, and how an apply comes to own it.

A child is created by POST, which unlike an apply is refused where there is an object already. The API server notes its
fields as an `Update` of our field manager, and those of a later apply beside it as an `Apply`: what only the first one
owns, no apply would ever take away. So before the first apply both become one entry, as client-go's `csaupgrade` does
after `kubectl create`. Most children are never applied to, and children of version 0.1.0 were created by
an apply: for neither is there anything to do.
"""

from typing import Any

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import FIELD_MANAGER

# a fieldsV1 tree: f:NAME a field, k:{...} a keyed list item, v:... a set item, "." the thing itself
Fields = dict[str, Any]


def was_posted(live: Body) -> bool:
    """Whether some of our fields are noted as an update's."""
    return any(_is_ours(entry) and entry.get("operation") == "Update" for entry in _entries(live))


def is_half_applied(live: Body) -> bool:
    """Whether an apply of ours came beside the POST, and what makes one of both did not follow."""
    return len({entry.get("operation") for entry in _entries(live) if _is_ours(entry)}) > 1


def as_applied(live: Body) -> Body:
    """`live` with all that is ours noted as an apply's, for a PUT; nothing else of it changes."""
    ours = [entry for entry in _entries(live) if _is_ours(entry)]
    fields: Fields = {}
    for entry in ours:
        merge(fields, entry.get("fieldsV1") or {})
    applied = {**ours[-1], "operation": "Apply", "fieldsV1": fields}
    others = [entry for entry in _entries(live) if not _is_ours(entry)]
    return {**live, "metadata": {**live["metadata"], "managedFields": [applied, *others]}}


def _entries(live: Body) -> list[Body]:
    return live["metadata"].get("managedFields") or []


def _is_ours(entry: Body) -> bool:
    return entry.get("manager") == FIELD_MANAGER and not entry.get("subresource")


def merge(into: Fields, fields: Fields) -> None:
    for key, below in fields.items():
        merge(into.setdefault(key, {}), below)
