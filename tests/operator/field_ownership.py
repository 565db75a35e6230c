"""Who owns which field of an object, as server-side apply of the API server in memory reckons it. Pure."""

from __future__ import annotations

import copy
from typing import Any

Body = dict[str, Any]


# list-maps by the key of their items; any other list is one value
LIST_KEYS = {"env": "name", "containers": "name", "initContainers": "name", "volumes": "name", "conditions": "type"}


UNOWNED = ("apiVersion", "kind")


def owned(body: Body) -> Body:
    labels = body["metadata"].get("labels")
    content = {name: value for name, value in body.items() if name not in (*UNOWNED, "metadata", "status")}
    return {**content, **({"metadata": {"labels": labels}} if labels else {})}


def fields_of(value: Any, name: str = "") -> Body:
    """The fieldsV1 tree of a value."""
    if isinstance(value, dict):
        return {f"f:{key}": fields_of(below, key) for key, below in value.items()}
    if isinstance(value, list) and (key := LIST_KEYS.get(name)):
        return {f'k:{{"{key}":"{item[key]}"}}': {".": {}, **fields_of(item)} for item in value}
    return {}


def minus(one: Body, other: Body) -> Body:
    left = {}
    for key, below in one.items():
        if key not in other:
            left[key] = below
        elif part := minus(below, other[key]):
            left[key] = part
    return left


def merge(into: Body, value: Body) -> None:
    for key, new in value.items():
        old = into.get(key)
        if isinstance(new, dict) and isinstance(old, dict):
            merge(old, new)
        elif isinstance(new, list) and isinstance(old, list) and (by := LIST_KEYS.get(key)):
            known = {item[by]: item for item in old}
            for item in new:
                if item[by] in known:
                    merge(known[item[by]], item)
                else:
                    old.append(copy.deepcopy(item))
        else:
            into[key] = copy.deepcopy(new)


def drop_given_up(value: Any, old: Body, new: Body, others: list[Body]) -> None:
    """Remove what a manager applied before, applies no more, and nobody else owns."""
    for key, below in old.items():
        theirs = [tree[key] for tree in others if key in tree]
        if key == ".":
            continue
        if key in new:
            drop_given_up(_child(value, key), below, new[key], theirs)
        elif not theirs:
            _remove(value, key)


def _child(value: Any, key: str) -> Any:
    kind, _, name = key.partition(":")
    if kind == "f":
        return value.get(name, {})
    by, wanted = _list_key(name)
    return next((item for item in value if item[by] == wanted), {})


def _remove(value: Any, key: str) -> None:
    kind, _, name = key.partition(":")
    if kind == "f":
        value.pop(name, None)
    else:
        by, wanted = _list_key(name)
        value[:] = [item for item in value if item[by] != wanted]


def still_there(fields: Body, value: Any) -> Body:
    """The part of a tree whose fields exist."""
    left = {}
    for key, below in fields.items():
        if key == ".":
            left[key] = below
            continue
        kind, _, name = key.partition(":")
        if kind == "f":
            if isinstance(value, dict) and name in value:
                left[key] = still_there(below, value[name])
        else:
            by, wanted = _list_key(name)
            item = next((item for item in value if item[by] == wanted), None)
            if item is not None:
                left[key] = still_there(below, item)
    return left


def _list_key(text: str) -> tuple[str, str]:
    by, wanted = text.strip('{}"').split('":"')
    return by, wanted
