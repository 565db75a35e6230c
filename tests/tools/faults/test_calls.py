"""What a request is about, by its line."""

from __future__ import annotations

import pytest

from tools.faults.calls import Call, call_of

BUNDLES = "/apis/modelbundle.dev/v1alpha1/namespaces/ns/modelbundles"
MINE = ("modelbundles", "ns")


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", BUNDLES, {}, ("list", *MINE, "", "")),
        ("GET", BUNDLES, {"watch": "true"}, ("watch", *MINE, "", "")),
        ("GET", BUNDLES, {"watch": "0"}, ("list", *MINE, "", "")),
        ("GET", f"{BUNDLES}/one", {}, ("get", *MINE, "one", "")),
        ("PATCH", f"{BUNDLES}/one/status", {}, ("patch", *MINE, "one", "status")),
        ("POST", "/api/v1/namespaces/ns/services", {}, ("create", "services", "ns", "", "")),
        ("PUT", "/apis/apps/v1/namespaces/ns/deployments/one", {}, ("update", "deployments", "ns", "one", "")),
        ("DELETE", "/api/v1/namespaces/ns/pods/one", {}, ("delete", "pods", "ns", "one", "")),
        ("GET", "/api/v1/pods", {"watch": "1"}, ("watch", "pods", "", "", "")),
        ("GET", "/apis/modelbundle.dev/v1alpha1", {}, ("get", "", "", "", "")),
        ("GET", "/version", {}, ("get", "", "", "", "")),
    ],
)
def test_a_call(method: str, path: str, query: dict[str, str], expected: tuple[str, ...]) -> None:
    call = call_of(method, path, query)
    assert (call.verb, call.resource, call.namespace, call.name, call.subresource) == expected


@pytest.mark.parametrize(
    ("call", "writes", "reads"),
    [
        (Call("patch", "services"), True, False),
        (Call("create", "events"), False, False),
        (Call("update", "leases"), False, False),
        (Call("get", "leases"), False, False),
        (Call("list", "pods"), False, True),
        (Call("watch", "pods"), False, False),
        (Call("get"), False, False),
    ],
)
def test_what_counts(call: Call, writes: bool, reads: bool) -> None:
    """A Lease is a sign of life and an Event an account: nothing is decided by them."""
    assert (call.writes, call.reads) == (writes, reads)
