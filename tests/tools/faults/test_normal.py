"""Two runs that ended alike are alike, and what differs is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tools.faults.normal import differences, state

Body = dict[str, Any]


def service(namespace: str, uid: str, address: str) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "one",
            "namespace": namespace,
            "uid": uid,
            "resourceVersion": uid[:2],
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"a": "b"},
            "annotations": {"moved-at": f"2026-01-0{uid[0]}T00:00:00Z"},
            "ownerReferences": [{"name": "one", "uid": uid}],
            "managedFields": [{"manager": "m", "operation": "Apply", "time": uid}],
        },
        "spec": {"clusterIP": address, "clusterIPs": [address], "selector": {"x": f"http://one.{namespace}.svc"}},
        "status": {"loadBalancer": {}},
    }


def replica_set(name: str, replicas: int) -> Body:
    labels = {"modelbundle.dev/bundle": "one"}
    return {"kind": "ReplicaSet", "metadata": {"name": name, "labels": labels}, "spec": {"replicas": replicas}}


FIRST = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"


def room(namespace: str, uid: str, address: str) -> dict[tuple[str, str], Body]:
    return {
        ("services", "one"): service(namespace, uid, address),
        ("replicasets", f"one-{uid[:6]}"): replica_set(f"one-{uid[:6]}", 1),
    }


def test_what_is_made_anew_each_time_makes_no_difference() -> None:
    one, other = state(room("f-1", FIRST, "10.0.0.1"), "f-1"), state(room("f-2", OTHER, "10.0.0.2"), "f-2")
    assert one == other
    assert differences(one, other) == []


def edited(edit: Callable[[dict[tuple[str, str], Body]], object]) -> list[str]:
    objects = copy.deepcopy(room("f-1", FIRST, "10.0.0.1"))
    before = state(objects, "f-1")
    edit(objects)
    return differences(before, state(objects, "f-1"))


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (lambda objects: objects.pop(("services", "one")), "services/one"),
        (lambda objects: objects["services", "one"]["spec"]["selector"].update(x="y"), "services/one.spec.selector.x"),
        (
            lambda objects: objects["services", "one"]["metadata"]["labels"].update(c="d"),
            "services/one.metadata.labels",
        ),
        (
            lambda objects: objects["services", "one"]["metadata"]["managedFields"].append(
                {"manager": "m", "operation": "Update"}
            ),
            "services/one.metadata.managers",
        ),
        (
            lambda objects: objects["services", "one"]["metadata"].update(deletionTimestamp="2026-01-01T00:00:00Z"),
            "services/one.metadata.deletionTimestamp",
        ),
        (lambda objects: objects.update({("replicasets", "x"): replica_set("x", 0)}), "replicasets of one for 0"),
    ],
)
def test_what_differs_is_named(edit: Callable[[dict[tuple[str, str], Body]], object], where: str) -> None:
    lines = edited(edit)
    assert len(lines) == 1
    assert lines[0].startswith(where)
