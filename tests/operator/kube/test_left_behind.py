"""Which names may have a Deployment that no owner holds: told by LIST and watch, whichever of them is newer."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.kube import left_behind
from modelbundle_operator.kube.left_behind import LeftBehind
from modelbundle_operator.loop.key import Key

Body = dict[str, Any]
KEY, OTHER = Key("models", "llama"), Key("models", "other")


def orphan(version: int, name: str = "llama", owner: str = "") -> Body:
    labels = {"app.kubernetes.io/managed-by": "modelbundle-operator", "modelbundle.dev/bundle": name}
    owners = [{"kind": "ModelBundle", "controller": True, "uid": owner}] if owner else []
    metadata = {"name": name, "namespace": "models", "labels": labels, "ownerReferences": owners}
    return {"metadata": {**metadata, "resourceVersion": str(version)}}


def listed(*owners: Key, version: int = 10, namespace: str | None = None) -> LeftBehind:
    made = LeftBehind()
    made.listed("Deployment", namespace, list(owners), version)
    return made


def test_before_a_list_there_may_be_one_of_any_name() -> None:
    made = LeftBehind()
    made.listed("Service", None, [], 10)
    made.listed("Deployment", "elsewhere", [], 10)
    assert made.may_be(KEY)


@pytest.mark.parametrize("namespace", [None, "models"])
def test_after_a_list_there_may_be_those_that_it_had(namespace: str | None) -> None:
    made = listed(KEY, namespace=namespace)
    assert made.may_be(KEY)
    assert not made.may_be(OTHER)
    assert made.may_be(Key("elsewhere", "llama")) == (namespace is not None)


def test_the_watch_tells_of_one_that_has_lost_its_owner_and_of_its_end() -> None:
    made = listed()
    made.observed("Deployment", orphan(11, owner="uid"), False)
    made.observed("Service", orphan(11), False)
    assert not made.may_be(KEY)
    made.observed("Deployment", orphan(12), False)
    assert made.may_be(KEY)
    made.gone("Deployment", orphan(13))
    assert not made.may_be(KEY)


def test_what_is_kept_or_has_an_owner_again_is_forgotten() -> None:
    made = listed(KEY, OTHER)
    made.observed("Deployment", orphan(11), True)
    made.observed("Deployment", orphan(12, "other", owner="uid"), False)
    assert not made.may_be(KEY)
    assert not made.may_be(OTHER)


def test_a_list_from_before_an_event_does_not_undo_it() -> None:
    made = listed()
    made.observed("Deployment", orphan(21), False)
    made.listed("Deployment", None, [], 20)
    assert made.may_be(KEY)
    made.listed("Deployment", None, [], 22)
    assert not made.may_be(KEY)


def test_where_there_are_too_many_there_may_be_one_of_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_behind, "NAMES_MAX", 2)
    many = [Key("models", f"x-{number}") for number in range(3)]
    made = listed(*many)
    assert made.may_be(KEY)
    assert not made.may_be(Key("elsewhere", "llama")), "another namespace need not suffer for it"
    made.listed("Deployment", None, many[:1], 11)
    assert not made.may_be(KEY)
