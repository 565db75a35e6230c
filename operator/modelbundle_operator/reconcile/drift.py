"""What others changed in our children, and the object without it.

A forced server-side apply takes back every field that we apply, but leaves what others *added*: an environment
variable in the pod template, a port. Only managedFields tells those from defaults that the API server filled in, so
ownership decides here and values do not.
"""

import copy
import json
from typing import Any

from modelbundle_operator.api.names import FIELD_MANAGER, LAYER_KEY
from modelbundle_operator.reconcile.ownership import Fields, merge

# What we answer for. Not status, annotations and labels: they are where controllers and people may write. A label of
# ours that others have changed or removed differs from what is wanted.
_OURS: Fields = {"f:spec": {}, "f:data": {}, "f:binaryData": {}}
# Of a Service: where it is reached in the cluster's network, which is for the API server and the cluster's owner to
# say. A PUT without them changes nothing, as the API server carries them over.
_ADDRESSES: Fields = {"f:spec": {"f:ipFamilyPolicy": {}, "f:ipFamilies": {}, "f:clusterIP": {}, "f:clusterIPs": {}}}


def keeps_layer(live: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a ConfigMap still names a layer that it is to name no more: an apply without the key gives it up."""
    return LAYER_KEY in (live.get("data") or {}) and LAYER_KEY not in (wanted.get("data") or {})


def foreign_fields(live: dict[str, Any]) -> Fields:
    """The fieldsV1 tree of what only others own in spec and data; empty when there is nothing.

    Before our forced apply that includes fields that we want: who changes a value takes its ownership. So non-empty
    means: apply; and only what is foreign in the answer of that apply is an addition, for `without_foreign`.
    """
    ours, entries = _owners(live)
    others: Fields = {}
    for _, fields in entries:
        merge(others, fields)
    if not ours:  # managedFields were reset: ownership is unknown until our next apply
        return {}
    merge(ours, _ADDRESSES)
    return _without(_within(others, _OURS), ours)


def is_owned(live: dict[str, Any]) -> bool:
    """Whether managedFields have a word of ours; where they were reset, only an apply brings it back."""
    return bool(_owners(live)[0])


def foreign_managers(live: dict[str, Any]) -> tuple[str, ...]:
    """The field managers that alone own something in spec and data."""
    ours, entries = _owners(live)
    merge(ours, _ADDRESSES)
    found = {manager for manager, fields in entries if _without(_within(fields, _OURS), ours)}
    return tuple(sorted(found - {""}))


def _owners(live: dict[str, Any]) -> tuple[Fields, list[tuple[str, Fields]]]:
    """What this operator owns, and what each entry of another field manager has; status is left out."""
    ours: Fields = {}
    others = []
    for entry in live.get("metadata", {}).get("managedFields") or []:
        manager, fields = entry.get("manager", ""), entry.get("fieldsV1") or {}
        if entry.get("subresource") == "status":
            continue
        if manager == FIELD_MANAGER:
            merge(ours, fields)
        else:
            others.append((manager, fields))
    return ours, others


def _within(fields: Fields, limits: Fields) -> Fields:
    """The part of a tree that lies below the ends of another."""
    found: Fields = {}
    for key, below in limits.items():
        if key in fields:
            part = _within(fields[key], below) if below else fields[key]
            if part:
                found[key] = part
    return found


def _without(fields: Fields, owned: Fields) -> Fields:
    """What of a tree is nowhere in another; {} stands for everything below, where the other has nothing."""
    found: Fields = {}
    for key, below in fields.items():
        if key not in owned:
            if key != ".":  # to own the list or map itself is not an addition while one of our fields is in it
                found[key] = {}
        elif part := _without(below, owned[key]):
            found[key] = part
    return found


def without_foreign(live: dict[str, Any]) -> dict[str, Any]:
    """`live`, as our forced apply just returned it, without `foreign_fields(live)`, for a PUT of our field manager.

    managedFields stay as they are: the API server drops what is gone from the others' entries, and as nothing of ours
    changes in that write, it makes no second entry for us.
    """
    restored = copy.deepcopy(live)
    _remove(restored, foreign_fields(live))
    return restored


def put_right(live: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """`live` without `foreign_fields(live)` and with all of `wanted`, for a PUT of our field manager.

    Before an apply of ours, and in its place: so a list is as it is wanted, whatever items of it are whose.
    """
    restored = without_foreign(live)
    for name in ("spec", "data", "binaryData"):
        if name in wanted:
            _overlay(restored.setdefault(name, {}), wanted[name])
    for name in ("labels", "annotations"):
        _overlay(restored["metadata"].setdefault(name, {}), wanted["metadata"].get(name) or {})
    return restored


def _overlay(value: dict[str, Any], wanted: dict[str, Any]) -> None:
    for key, new in wanted.items():
        if isinstance(new, dict) and isinstance(value.get(key), dict):
            _overlay(value[key], new)
        else:
            value[key] = copy.deepcopy(new)


def _remove(value: Any, fields: Fields) -> None:
    for key, below in fields.items():
        kind, _, rest = key.partition(":")
        if kind == "f" and isinstance(value, dict) and rest in value:
            if below:
                _remove(value[rest], below)
            else:
                del value[rest]
        elif kind in ("k", "v") and isinstance(value, list):
            _remove_item(value, kind, json.loads(rest), below)


def _remove_item(items: list[Any], kind: str, name: Any, below: Fields) -> None:
    for item in list(items):
        same = item == name if kind == "v" else isinstance(item, dict) and name.items() <= item.items()
        if same and below:
            _remove(item, below)
        elif same:
            items.remove(item)
