"""What a clone inherits, as properties that hold for every base and every clone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_spec.canonical import LARGEST_INTEGER, bundle_document, canonical
from bundle_spec.document import digest
from bundle_spec.inherit import changed, inherit
from tools.testkit.model_bundles import ARTIFACT, PYTORCH

Fields = dict[str, Any]
CLEARED: dict[str, Any] = {"requirements": [], "appConfig": {}, "env": [], "requestSchema": {}, "responseSchema": {}}

numbers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.floats(-1e15, 1e15)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=8)
values = st.recursive(
    scalars, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=5), deeper, max_size=3)
)
objects = st.dictionaries(st.text(max_size=5), values, min_size=1, max_size=4)
variables = st.lists(
    st.fixed_dictionaries({"name": st.text(min_size=1, max_size=3), "value": st.text(max_size=3)}), min_size=1
)
texts = st.text(min_size=1, max_size=8)
optional: dict[str, st.SearchStrategy[Any]] = {
    "envParams": st.sampled_from([PYTORCH, {"frameworkType": "tensorflow", "tensorflowVersion": "2.3.0"}]),
    "requirements": st.lists(texts, min_size=1, max_size=3),
    "env": variables,
    "loadPredictFn": texts,
    "loadModelFn": texts,
    "requestSchema": objects,
    "responseSchema": objects,
}
config = st.sampled_from([{}]) | st.fixed_dictionaries({"appConfig": objects}) | st.fixed_dictionaries(
    {"appConfigJSON": objects.map(json.dumps)}
)  # fmt: skip


@st.composite
def bundles(draw: st.DrawFn) -> Fields:
    """spec.bundle of a bundle of its own."""
    fields = draw(st.fixed_dictionaries({"artifact": st.just(ARTIFACT)}, optional=optional))
    return {**fields, **draw(config)}


@st.composite
def clones(draw: st.DrawFn) -> Fields:
    """spec.bundle of a clone: some fields set, some cleared, the rest unset."""
    clears = {name: st.just(empty) for name, empty in CLEARED.items()}
    fields = draw(st.fixed_dictionaries({}, optional={**optional, **clears}))
    return {"cloneFrom": {"name": "base"}, **fields, **draw(config)}


def digest_of(fields: Fields) -> str:
    return digest(canonical(bundle_document(fields)))


@given(bundles())
def test_an_empty_clone_is_its_base(base: Fields) -> None:
    assert digest_of(inherit(base, {"cloneFrom": {"name": "base"}})) == digest_of(base)
    assert changed(bundle_document(base), bundle_document(inherit(base, {}))) == []


@given(bundles(), clones())
def test_what_is_set_replaces_the_whole_field_and_the_rest_is_inherited(base: Fields, clone: Fields) -> None:
    made = inherit(base, clone)
    one_field = {"appConfig", "appConfigJSON"}
    for name in {*base, *clone} - {"cloneFrom"} - one_field:
        wanted = clone.get(name, base.get(name))
        assert made.get(name) == (wanted or None)
    source = clone if one_field & set(clone) else base
    for name in one_field:
        assert made.get(name) == (source.get(name) or None)
    assert made["artifact"] == ARTIFACT


@given(bundles())
def test_empty_values_clear(base: Fields) -> None:
    made = bundle_document(inherit(base, CLEARED))
    assert set(made) <= {"schemaVersion", "artifact", "envParams", "loadPredictFn", "loadModelFn"}


@given(bundles(), clones())
def test_a_base_as_fields_and_as_its_document_give_one_clone(base: Fields, clone: Fields) -> None:
    document = bundle_document(base)
    as_document = {**document, "artifact": {**document["artifact"], "uri": ARTIFACT["uri"]}}
    assert digest_of(inherit(as_document, clone)) == digest_of(inherit(base, clone))


@given(bundles(), clones())
def test_to_clone_again_what_is_there_changes_nothing(base: Fields, clone: Fields) -> None:
    once = inherit(base, clone)
    assert inherit(once, clone) == once


@given(bundles(), clones())
def test_there_and_back_is_the_same_content(base: Fields, clone: Fields) -> None:
    there = inherit(base, clone)
    names = {*CLEARED, *optional} - {"loadPredictFn", "loadModelFn"}  # a scalar cannot be cleared
    back = {**CLEARED, **{name: base[name] for name in names if name in base}}
    if "appConfigJSON" in base:
        back["appConfigJSON"] = base["appConfigJSON"]
    functions = {name: there.get(name) for name in ("loadPredictFn", "loadModelFn")}
    params = {name: base.get(name, there.get(name)) for name in ("envParams",)}
    assert digest_of(inherit(there, back)) == digest_of({**base, **functions, **params})


@given(bundles(), clones())
def test_changed_names_what_differs(base: Fields, clone: Fields) -> None:
    before, after = bundle_document(base), bundle_document(inherit(base, clone))
    names = changed(before, after)
    assert (names == []) == (before == after)
    assert "artifact" not in names
    assert "appConfigJSON" not in names


@given(bundles(), st.randoms())
def test_the_order_of_keys_changes_no_digest(base: Fields, random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            items = [(name, shuffled(below)) for name, below in value.items()]
            random.shuffle(items)
            return dict(items)
        return [shuffled(below) for below in value] if isinstance(value, list) else value

    assert digest_of(shuffled(base)) == digest_of(base)


@given(bundles())
def test_the_document_read_back_has_the_same_digest(base: Fields) -> None:
    written = canonical(bundle_document(base))
    assert canonical(json.loads(written)) == written


@pytest.mark.parametrize(
    ("clone", "says"),
    [
        ({"artifact": ARTIFACT}, "another artifact is another bundle"),
        ({"envParams": {}}, "leave it out to inherit it"),
    ],
)
def test_what_a_clone_cannot_set_is_refused(clone: Fields, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        inherit({"artifact": ARTIFACT, "envParams": PYTORCH}, clone)
