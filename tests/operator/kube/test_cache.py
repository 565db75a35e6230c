"""The cache stays true whatever order events come in."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.kube.cache import ObjectCache, keys_for
from modelbundle_operator.kube.kept import LARGEST_CHILD, Kept
from modelbundle_operator.loop.key import Key

KEY = Key("models", "llama")
Body = dict[str, Any]


def body(version: int, name: str = "llama", uid: str = "u", **labels: str) -> Body:
    metadata = {"name": name, "namespace": "models", "uid": uid, "resourceVersion": str(version), "labels": labels}
    owner = {"controller": True, "uid": f"uid-of-{name}"}
    return {"kind": "Service", "metadata": {**metadata, "ownerReferences": [owner]}}


def edited(version: int, name: str = "llama") -> Body:
    return body(version, name) | {"spec": {"ports": [{"port": 81}]}}


def pod(version: int, name: str, bundle: str) -> Body:
    return body(version, name, **{"modelbundle.dev/bundle": bundle})


def bundle(version: int, name: str = "llama") -> Body:
    return body(version, name, uid=f"uid-of-{name}") | {"kind": "ModelBundle"}


def asked_for(*names: str) -> ObjectCache:
    """A cache that knows bundles of these names."""
    cache = ObjectCache()
    for name in names or ("llama",):
        cache.observe("ModelBundle", "ADDED", bundle(1, name))
    return cache


def listed(cache: ObjectCache, *bodies: Body) -> list[Kept]:
    return [kept for each in bodies if (kept := cache.keep("Service", each)) is not None]


def version(cache: ObjectCache) -> int | None:
    found = cache.get("Service", KEY)
    return int(found["metadata"]["resourceVersion"]) if found else None


def test_the_newer_version_wins_in_any_order() -> None:
    cache = asked_for()
    assert cache.observe("Service", "MODIFIED", body(7))
    assert not cache.observe("Service", "ADDED", body(5))
    assert version(cache) == 7


def test_of_what_others_make_and_delete_all_day_the_latest_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelbundle_operator.kube.cache.GONE_MAX", 3)
    cache = asked_for("llama", "other")
    cache.observe("Service", "DELETED", body(5))
    for number in range(10, 12):
        cache.observe("Service", "DELETED", body(number, f"strangers-{number}"))
    assert not cache.observe("Service", "ADDED", body(4)), "an echo of what went lately"
    cache.observe("Service", "DELETED", body(12, "one-more"))
    assert len(cache._gone) == 3


def test_versions_are_numbers_not_text() -> None:
    cache = asked_for()
    cache.observe("Service", None, body(9))
    assert cache.observe("Service", "MODIFIED", edited(10))
    assert version(cache) == 10


def test_what_no_look_reads_is_kept_and_no_reason_for_a_look() -> None:
    """What is written is written to the newest version."""
    cache = asked_for()
    cache.observe("Service", "ADDED", body(5))
    assert not cache.observe("Service", "MODIFIED", body(6) | {"status": {"loadBalancer": {}}})
    assert version(cache) == 6
    found = body(7) | {"status": {"loadBalancer": {"ingress": []}}}
    assert cache.replace("Service", listed(cache, found), 8) == set()
    assert version(cache) == 7


def test_the_echo_of_our_own_write_changes_nothing() -> None:
    cache = asked_for()
    cache.record(body(7))
    assert not cache.observe("Service", "MODIFIED", body(7))


def test_a_late_echo_revives_nothing() -> None:
    cache = asked_for()
    cache.observe("Service", "ADDED", body(5))
    assert cache.observe("Service", "DELETED", body(8))
    assert not cache.observe("Service", "MODIFIED", body(7))
    assert version(cache) is None
    assert cache.observe("Service", "ADDED", body(9, uid="new"))


def test_the_end_of_an_old_object_does_not_end_its_successor() -> None:
    cache = asked_for()
    cache.observe("Service", "ADDED", body(5, uid="old"))
    cache.observe("Service", "ADDED", body(9, uid="new"))
    assert not cache.observe("Service", "DELETED", body(8, uid="old"))
    assert version(cache) == 9


def test_a_list_repairs_what_the_watch_lost_and_names_only_that() -> None:
    cache = asked_for("kept", "lost", "changed", "new")
    for name in ("kept", "lost", "changed"):
        cache.observe("Service", "ADDED", body(5, name))
    found = [body(5, "kept"), edited(6, "changed"), body(7, "new")]
    changed = cache.replace("Service", listed(cache, *found), 10)
    assert {key.name for key in changed} == {"lost", "changed", "new"}
    assert cache.replace("Service", listed(cache, *found), 11) == set()


def test_a_list_does_not_forget_what_is_newer_than_itself() -> None:
    cache = asked_for()
    cache.record(body(12))
    assert cache.replace("Service", [], 10) == set()
    assert version(cache) == 12


def test_a_list_of_one_namespace_leaves_the_others_alone() -> None:
    cache = asked_for()
    cache.observe("Service", "ADDED", body(5))
    assert cache.replace("Service", [], 10, namespace="elsewhere") == set()
    assert version(cache) == 5


def test_pods_are_found_by_their_bundle() -> None:
    cache = asked_for("llama", "other")
    cache.observe("Pod", "ADDED", pod(1, "llama-b", "llama"))
    cache.observe("Pod", "ADDED", pod(2, "llama-a", "llama"))
    cache.observe("Pod", "ADDED", pod(3, "other-a", "other"))
    assert [found.name for found in cache.pods(KEY)] == ["llama-a", "llama-b"]
    cache.observe("Pod", "DELETED", pod(4, "llama-a", "llama"))
    assert [found.name for found in cache.pods(KEY)] == ["llama-b"]


def test_an_event_wakes_the_owners_of_its_name_or_label() -> None:
    endpoint = KEY._replace(kind="ModelEndpoint")
    assert keys_for("ModelBundle", body(1)) == keys_for("Deployment", body(1)) == {KEY}
    assert keys_for("ModelEndpoint", body(1)) == {endpoint}
    assert keys_for("Service", body(1, **{"modelbundle.dev/bundle": "edited-away"})) == {KEY, endpoint}
    assert keys_for("Pod", pod(1, "llama-abc", "llama")) == {KEY}
    assert keys_for("Pod", body(1)) == set()


def test_managed_fields_are_kept_where_drift_is_looked_for() -> None:
    cache = asked_for()
    child = body(1)
    child["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    cache.observe("Service", "ADDED", child)
    assert "managedFields" in (cache.get("Service", KEY) or {})["metadata"]


def endpoint(version: int, *, bundle: str = "llama", bundle_of_status: str = "") -> Body:
    status = {"bundle": bundle_of_status} if bundle_of_status else {}
    found = body(version, "stable", uid="uid-of-stable")
    return found | {"kind": "ModelEndpoint", "spec": {"bundle": bundle}, "status": status}


BUNDLE, ENDPOINT = ("ModelBundle", bundle(1)), ("ModelEndpoint", endpoint(1))
MOVED = ("ModelEndpoint", endpoint(2, bundle="new"))
MOVES = ("ModelEndpoint", endpoint(2, bundle="new", bundle_of_status="llama"))


def owned_by(uid: str | None) -> Body:
    found = body(9)
    found["metadata"]["ownerReferences"] = [{"controller": True, "uid": uid}] if uid else []
    return found


def orphan(label: str) -> Body:
    found = owned_by(None)
    found["metadata"]["labels"] = {"modelbundle.dev/bundle": label}
    return found


POD, OTHERS = pod(9, "x", "llama"), body(9, "other")
ASKED_FOR = [
    ("nobody's", [], "Deployment", body(9), False),
    ("a bundle's", [BUNDLE], "Deployment", body(9), True),
    ("a bundle's of another name", [BUNDLE], "Deployment", OTHERS, False),
    ("of a bundle's name, and another's", [BUNDLE], "Deployment", owned_by("uid-of-another"), False),
    ("of a bundle's name, and nobody's", [BUNDLE], "Deployment", owned_by(None), False),
    ("of a bundle's name and label, and nobody's", [BUNDLE], "Deployment", orphan("llama"), True),
    ("of a bundle's name, with another's label", [BUNDLE], "Deployment", orphan("other"), False),
    ("of a bundle that is not known", [], "Deployment", orphan("llama"), False),
    ("an endpoint's Service", [ENDPOINT], "Service", body(9, "stable"), True),
    ("an endpoint's name on what it has none of", [ENDPOINT], "ConfigMap", body(9, "stable"), False),
    ("a bundle's pod", [BUNDLE], "Pod", POD, True),
    ("nobody's pod", [], "Pod", POD, False),
    ("a pod without the label", [BUNDLE], "Pod", body(9), False),
    ("a pod that an endpoint is to lead to", [ENDPOINT], "Pod", POD, True),
    ("a pod that an endpoint still leads to", [MOVES], "Pod", POD, True),
    ("a pod that an endpoint has left", [ENDPOINT, MOVED], "Pod", POD, False),
]


@pytest.mark.parametrize(("why", "known", "kind", "found", "kept"), ASKED_FOR, ids=[row[0] for row in ASKED_FOR])
def test_what_nobody_asks_for_is_not_kept(why: str, known: list[Any], kind: str, found: Body, kept: bool) -> None:
    """A user who may create objects may label them as ours."""
    cache = ObjectCache()
    for its_kind, each in known:
        cache.observe(its_kind, "MODIFIED", each)
    assert cache.observe(kind, "ADDED", found) is kept, why
    assert cache.sizes()[kind] == kept


def test_what_is_left_of_a_deleted_bundle_goes_with_the_next_list() -> None:
    cache = asked_for()
    cache.observe("Deployment", "ADDED", body(5))
    cache.observe("ModelBundle", "DELETED", body(6))
    assert cache.keep("Deployment", body(5)) is None
    cache.replace("Deployment", [], 10)
    assert cache.sizes()["Deployment"] == 0


@pytest.mark.parametrize(("listed", "same"), [(5, True), (4, False), (6, False)])
def test_what_is_kept_in_the_version_of_a_list_need_not_be_read(listed: int, same: bool) -> None:
    cache = asked_for()
    assert cache.unchanged("Service", body(listed)) is None
    cache.observe("Service", "ADDED", body(5))
    kept = cache.unchanged("Service", body(listed))
    assert (kept is not None) is same
    if kept is not None:
        assert cache.replace("Service", [kept], 10) == set()
        assert version(cache) == 5


def test_a_child_of_any_size_is_known_and_not_kept() -> None:
    """Who may create objects may give our bundle as their controller."""
    cache = asked_for()
    large = body(5) | {"data": {"x": "x" * LARGEST_CHILD}}
    assert cache.observe("ConfigMap", "ADDED", large)
    assert cache.knows("ConfigMap", KEY)
    assert cache.get("ConfigMap", KEY) is None, "it is asked for"
    assert not cache.observe("ConfigMap", "MODIFIED", large), "nothing changed"
    assert cache.observe("ConfigMap", "DELETED", body(6))
    assert not cache.knows("ConfigMap", KEY)


def test_a_bundle_is_kept_as_text_and_given_as_it_was() -> None:
    cache = ObjectCache()
    spec = {"bundle": {"appConfig": {"a": [[], {}, "é", 1.5, None]}}, "serving": {}}
    cache.observe("ModelBundle", "ADDED", bundle(1) | {"spec": spec})
    assert (cache.get("ModelBundle", KEY) or {})["spec"] == spec
