"""The end of a run in a form that two runs share: without names, numbers and times that differ each time. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Body = dict[str, Any]
State = dict[str, Any]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# made by the API server, or counted up by writes of which there may be more
_ASSIGNED = frozenset({"uid", "resourceVersion", "creationTimestamp", "generation", "observedGeneration", "selfLink"})
_SPEC_ASSIGNED = frozenset({"clusterIP", "clusterIPs"})
_MADE_NAMES = ("replicasets", "pods")


def state(objects: Mapping[tuple[str, str], Body], namespace: str) -> State:
    """Every object of a namespace by `plural/name`; ReplicaSets and pods, whose names are made, by what they are."""
    found: State = {}
    made: Counter[str] = Counter()
    for (plural, name), body in objects.items():
        if plural in _MADE_NAMES:
            made[_made(plural, body)] += 1
        elif plural != "resourcequotas":
            found[f"{plural}/{name}"] = _object(plural, body, namespace)
    return {**found, **made}


def differences(expected: State, found: State) -> list[str]:
    """A line for each place in which two states differ."""
    lines: list[str] = []
    for name in sorted({*expected, *found}):
        _compare(name, expected.get(name), found.get(name), lines)
    return lines


def _compare(where: str, expected: Any, found: Any, lines: list[str]) -> None:
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted({*expected, *found}):
            _compare(f"{where}.{name}", expected.get(name), found.get(name), lines)
    elif isinstance(expected, list) and isinstance(found, list) and expected and found:
        _compare(where, _by_index(expected), _by_index(found), lines)
    elif expected != found:
        lines.append(f"{where}: expected {_short(expected)}, found {_short(found)}")


def _by_index(items: list[Any]) -> dict[str, Any]:
    """Conditions by their types, other items by where they stand."""
    return {
        item["type"] if isinstance(item, dict) and "type" in item else str(at): item for at, item in enumerate(items)
    }


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 300 else f"{text[:300]}..."


def _object(plural: str, body: Body, namespace: str) -> Body:
    metadata = body["metadata"]
    status = body.get("status") or {}
    settled = {"settled": status["observedGeneration"] == metadata["generation"]} if _counts(body) else {}
    kept = {name: value for name, value in body.items() if name not in ("metadata", "spec", "status")}
    names = {
        name: metadata[name]
        for name in ("name", "labels", "annotations", "ownerReferences", "finalizers", "deletionTimestamp")
        if metadata.get(name)
    }
    spec = {name: value for name, value in (body.get("spec") or {}).items() if name not in _SPEC_ASSIGNED}
    made = {**kept, **settled, "metadata": {**names, "managers": _managers(metadata)}, "spec": spec}
    made["status"] = _status(plural, status)
    plain: Body = _plain(made, namespace)
    return plain


def _counts(body: Body) -> bool:
    return "generation" in body["metadata"] and "observedGeneration" in (body.get("status") or {})


def _status(plural: str, status: Body) -> Body:
    if plural == "deployments":  # its conditions name ReplicaSets and tell of the way here
        return {name: value for name, value in status.items() if name != "conditions"}
    if plural == "modelbundles":  # how long pods took, and which part of it was longest
        kept = {name: value for name, value in status.items() if name != "slowest"}
        return {name: sorted(value) if name == "startup" else value for name, value in kept.items()}
    return status


def _managers(metadata: Body) -> list[str]:
    """Who owns fields: two entries of one manager are two owners. By which kind of write is the way here: a child is
    posted, and applied to where there is something to change."""
    entries = metadata.get("managedFields") or []
    return sorted(f"{entry['manager']} {entry.get('subresource', '')}".strip() for entry in entries)


def _made(plural: str, body: Body) -> str:
    """A ReplicaSet or pod that is there, as a line."""
    bundle = (body["metadata"].get("labels") or {}).get("modelbundle.dev/bundle", "")
    leaving = " leaving" if body["metadata"].get("deletionTimestamp") else ""
    if plural == "replicasets":
        return f"{plural} of {bundle} for {body['spec'].get('replicas', 0)}{leaving}"
    conditions: Iterable[Body] = (body.get("status") or {}).get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return f"{plural} of {bundle} {'ready' if ready else 'not ready'}{leaving}"


def _plain(value: Any, namespace: str) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item, namespace) for name, item in value.items() if name not in _ASSIGNED}
    if isinstance(value, list):
        return [_plain(item, namespace) for item in value]
    if isinstance(value, str):
        return _UID.sub("UID", _TIME.sub("TIME", value)).replace(namespace, "NAMESPACE")
    return value
