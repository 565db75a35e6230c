"""Drift, on objects captured from a real API server (1.35) after foreign edits and our forced apply.

`drifted` is what the forced apply left, `restored` what the server had after the PUT of `without_foreign(drifted)`.
tests/cluster/test_crd_drift.py does the same against the server at hand.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from modelbundle_operator.api.differs import differs
from modelbundle_operator.reconcile.drift import foreign_fields, without_foreign

DATA = Path(__file__).parent / "data"
KINDS = ("deployment", "service", "configmap")


def captured(kind: str) -> dict[str, Any]:
    return json.loads((DATA / f"drift_{kind}.json").read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_added_is_removed_and_nothing_else(kind):
    found = captured(kind)
    restored = without_foreign(found["drifted"])
    assert restored.get("spec") == found["restored"].get("spec")
    assert restored.get("data") == found["restored"].get("data")
    assert restored["metadata"]["labels"] == found["drifted"]["metadata"]["labels"], "they may be anybody's"
    assert restored["metadata"]["managedFields"] == found["drifted"]["metadata"]["managedFields"]


def test_foreign_fields_of_a_service():
    added = {"k:" + json.dumps({"port": 99, "protocol": "TCP"}, separators=(",", ":")): {}}
    assert foreign_fields(captured("service")["drifted"]) == {
        "f:spec": {"f:ports": added, "f:publishNotReadyAddresses": {}}
    }


def test_the_live_object_is_not_touched():
    live = captured("deployment")["drifted"]
    before = copy.deepcopy(live)
    without_foreign(live)
    assert live == before


def live_with(*entries: tuple[str, dict[str, Any]], subresource: str = "") -> dict[str, Any]:
    managed = [
        {"manager": name, "operation": "Update", "fieldsV1": fields, "subresource": subresource if other else ""}
        for other, (name, fields) in enumerate(entries)
    ]
    return {"metadata": {"managedFields": managed}}


ADDRESSES: dict[str, Any] = {"f:ipFamilyPolicy": {}, "f:ipFamilies": {}, "f:clusterIPs": {}}
OURS = ("modelbundle-operator", {"f:spec": {"f:replicas": {}, "f:args": {".": {}, 'v:"a"': {}}}})


@pytest.mark.parametrize(
    ("why", "live", "foreign"),
    [
        ("nobody else", live_with(OURS), {}),
        ("what is owned together stays", live_with(OURS, ("kubectl", {"f:spec": {"f:replicas": {}}})), {}),
        (
            "set items are distinct",
            live_with(OURS, ("kubectl", {"f:spec": {"f:args": {'v:"b"': {}}}})),
            {"f:spec": {"f:args": {'v:"b"': {}}}},
        ),
        (
            "status is not ours to judge",
            live_with(OURS, ("kube-controller-manager", {"f:spec": {"f:x": {}}}), subresource="status"),
            {},
        ),
        (
            "annotations are anybody's",
            live_with(OURS, ("kube-controller-manager", {"f:metadata": {"f:annotations": {"f:deployment": {}}}})),
            {},
        ),
        (
            "so are labels",
            live_with(OURS, ("kubectl-label", {"f:metadata": {"f:labels": {"f:kueue.x-k8s.io/queue-name": {}}}})),
            {},
        ),
        (
            "where a Service is reached is the cluster's to say, all else is ours",
            live_with(OURS, ("kubectl-patch", {"f:spec": {**ADDRESSES, "f:sessionAffinity": {}}})),
            {"f:spec": {"f:sessionAffinity": {}}},
        ),
        ("without our own entry nothing is known", live_with(("kubectl", {"f:spec": {"f:replicas": {}}})), {}),
        ("no managedFields at all", {"metadata": {}}, {}),
    ],
)
def test_foreign_fields(why, live, foreign):
    assert foreign_fields(live) == foreign, why


def test_a_changed_value_is_foreign_until_the_next_apply():
    """Why the forced apply comes first: without it the PUT would lack what we want, such as a container's image."""
    ours = ("modelbundle-operator", {"f:spec": {"f:image": {}}})
    theirs = ("kubectl-set", {"f:spec": {"f:image": {}}})
    taken = live_with(("modelbundle-operator", {"f:spec": {"f:name": {}}}), theirs)
    assert foreign_fields(taken) == {"f:spec": {"f:image": {}}}
    assert foreign_fields(live_with(ours, theirs)) == {}


@pytest.mark.parametrize(
    ("why", "live", "wanted", "answer"),
    [
        ("equal", {"a": 1}, {"a": 1}, False),
        ("what only live has is a default, or foreign", {"a": 1, "b": 2}, {"a": 1}, False),
        ("another value", {"a": 1}, {"a": 2}, True),
        ("a field is missing", {}, {"a": 1}, True),
        ("a whole part is missing", {}, {"a": {"b": 1}}, True),
        ("list items are compared in order", {"a": [1, 2]}, {"a": [2, 1]}, True),
        ("a longer list", {"a": [1, 2]}, {"a": [1]}, True),
        ("items may have defaults", {"a": [{"n": 1, "p": "TCP"}]}, {"a": [{"n": 1}]}, False),
        ("the server leaves empty strings out", {"a": {}}, {"a": {"v": ""}}, False),
        ("zero is a value", {}, {"replicas": 0}, True),
        ("quantities by amount", {"limits": {"cpu": "1"}}, {"limits": {"cpu": "1000m"}}, False),
        ("binary and decimal", {"limits": {"memory": "1Gi"}}, {"limits": {"memory": "1024Mi"}}, False),
        ("sizeLimit is one", {"emptyDir": {"sizeLimit": "1Gi"}}, {"emptyDir": {"sizeLimit": "1024Mi"}}, False),
        ("another amount", {"requests": {"cpu": "1"}}, {"requests": {"cpu": "1001m"}}, True),
        ("other strings are not amounts", {"env": [{"value": "1"}]}, {"env": [{"value": "1000m"}]}, True),
    ],
)
def test_differs(why, live, wanted, answer):
    assert differs(live, wanted) is answer, why
