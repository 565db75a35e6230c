"""Which kind a word means to kubectl, of what an API server says that it serves."""

from __future__ import annotations

from typing import Any

import pytest

from tools.testkit.served_kinds import Served, by_name


def resource(plural: str, kind: str, *short: str, scope: str = "Namespaced", **more: Any) -> dict[str, Any]:
    return {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope,
        "singularResource": kind.lower(),
        "shortNames": list(short),
        "verbs": ["create", "get", "list"],
        **more,
    }


def group(name: str, **versions: list[dict[str, Any]]) -> dict[str, Any]:
    metadata = {"name": name} if name else {"creationTimestamp": None}
    return {"metadata": metadata, "versions": [{"version": v, "resources": found} for v, found in versions.items()]}


CORE = group(
    "",
    v1=[
        resource("events", "Event", "ev"),
        resource("nodes", "Node", "no", scope="Cluster"),
        resource("bindings", "Binding", verbs=["create"]),
        resource("pods", "Pod", "po", singularResource=""),
    ],
)
OTHERS = [
    group("apps", v1=[resource("deployments", "Deployment", "deploy")]),
    group("events.k8s.io", v1=[resource("events", "Event", "ev")]),
    group(
        "first.example", v2=[resource("things", "Thing", "t")], v1=[resource("things", "Thing"), resource("old", "O")]
    ),
    group("second.example", v1=[resource("t", "T", "deployment", "things")]),
    {"metadata": {"name": "away.example"}, "versions": [{"version": "v1", "freshness": "Stale"}]},
]
KINDS = by_name([{"items": [CORE]}, {"items": OTHERS}])


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("pods", "/api/v1/namespaces/ns/pods/n"),
        ("pod", "/api/v1/namespaces/ns/pods/n"),
        ("po", "/api/v1/namespaces/ns/pods/n"),
        ("node", "/api/v1/nodes/n"),
        ("events", "/api/v1/namespaces/ns/events/n"),
        ("events.events.k8s.io", "/apis/events.k8s.io/v1/namespaces/ns/events/n"),
        ("deploy.apps", "/apis/apps/v1/namespaces/ns/deployments/n"),
        ("deployment", "/apis/apps/v1/namespaces/ns/deployments/n"),
        ("thing", "/apis/first.example/v2/namespaces/ns/things/n"),
        ("old", "/apis/first.example/v1/namespaces/ns/old/n"),
        ("t", "/apis/second.example/v1/namespaces/ns/t/n"),
    ],
)
def test_a_word_and_where_its_objects_are(word: str, path: str) -> None:
    assert KINDS[word].path("ns", "n") == path


@pytest.mark.parametrize("word", ["bindings", "Pod", "pods.apps", "all", ""])
def test_a_word_that_kubectl_has_to_be_asked_about(word: str) -> None:
    assert word not in KINDS


def test_a_name_cannot_leave_its_kind() -> None:
    assert Served("/api/v1", "pods", True).path("a/b", "../x?y") == "/api/v1/namespaces/a%2Fb/pods/..%2Fx%3Fy"
