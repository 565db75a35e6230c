"""What bundles say of a hash is known while one of them says so, and in their namespace."""

from __future__ import annotations

from modelbundle_operator.kube.said import Said


def test_it_is_known_while_one_says_so() -> None:
    said = Said[str]()
    said.add("a", "hash", "words")
    said.add("a", "hash", "words")
    said.add("a", "hash", "others")
    assert set(said.of("a", "hash")) == {"words", "others"}
    said.remove("a", "hash", "words")
    assert set(said.of("a", "hash")) == {"words", "others"}
    said.remove("a", "hash", "words")
    said.remove("a", "hash", "others")
    assert not list(said.of("a", "hash"))


def test_another_namespace_and_another_hash_know_nothing_of_it() -> None:
    said = Said[str]()
    said.add("a", "hash", "words")
    assert not list(said.of("b", "hash"))
    assert not list(said.of("a", "other"))


def test_to_ask_leaves_nothing_behind() -> None:
    said = Said[str]()
    list(said.of("a", "hash"))
    said.add("a", "hash", "words")
    said.remove("a", "hash", "words")
    assert not vars(said)["_said"]
