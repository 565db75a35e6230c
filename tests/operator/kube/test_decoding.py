"""What the API server sends becomes bodies within bounds, whatever a tenant wrote, with words for what is beyond."""

from __future__ import annotations

import json

import pytest
from modelbundle_operator.api.bundle import DOCUMENT_MAX
from modelbundle_operator.api.names import UNREADABLE
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.decoding import DEPTH_MAX, HEAVY_BYTES, bundle_of, event_of, head_of, page_of
from modelbundle_operator.loop.key import Key

DEEP = [DEPTH_MAX, 2000, 9900, 15_000]  # the API server takes 10,000


def bundle(config: str, status: str = "{}", fields: str = "{}") -> bytes:
    metadata = f'{{"managedFields":[{{"fieldsV1":{fields}}}],"name":"a","namespace":"b","generation":3,"uid":"u"}}'
    return (
        f'{{"apiVersion":"modelbundle.dev/v1alpha1","kind":"ModelBundle","metadata":{metadata},'
        f'"spec":{{"bundle":{{"appConfig":{config}}},"serving":{{}}}},"status":{status}}}'
    ).encode()


def nested(levels: int, opening: str, closing: str) -> str:
    return opening * levels + "1" * opening.endswith(":") + closing * levels


@pytest.mark.parametrize("levels", DEEP)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"":', "}]")])
def test_what_is_too_deep_is_kept_as_an_outline_that_says_so(levels: int, opening: str, closing: str) -> None:
    deep = nested(levels, opening, closing)
    body = bundle_of(bundle(deep, '{"digest":"sha256:1"}', fields=deep))
    assert (body["kind"], body["spec"], body["status"]) == ("ModelBundle", {}, {"digest": "sha256:1"})
    assert body["metadata"] == {"name": "a", "namespace": "b", "generation": 3, "uid": "u"}
    assert body[UNREADABLE]["reason"] == "InvalidValue"
    assert f"levels deep, {DEPTH_MAX} are allowed" in body[UNREADABLE]["message"]
    assert body[UNREADABLE]["message"].startswith("spec.bundle.")


def test_a_depth_that_is_allowed_is_read() -> None:
    body = bundle_of(bundle(nested(DEPTH_MAX - 1, "[", "]")))
    assert UNREADABLE not in body
    assert body["spec"]["serving"] == {}


def test_a_deep_status_is_left_out() -> None:
    assert bundle_of(bundle("{}", nested(5000, "[", "]")))["status"] == {}


@pytest.mark.parametrize("value", ['"' + "x" * (DOCUMENT_MAX + 5000) + '"', "[" + "[]," * (DOCUMENT_MAX // 2) + "1]"])
def test_what_is_too_large_is_kept_as_an_outline_that_says_so(value: str) -> None:
    body = bundle_of(bundle(f'{{"a":{value}}}'))
    assert body["spec"] == {}
    assert body[UNREADABLE]["reason"] == "TooLarge"
    assert f"{DOCUMENT_MAX} are allowed" in body[UNREADABLE]["message"]


@pytest.mark.parametrize("fields", ["managedFields", "status"])
def test_only_the_content_counts(fields: str) -> None:
    large = json.dumps({"resolved": {"document": "x" * 2 * DOCUMENT_MAX}})
    text = bundle('{"a":1}', large) if fields == "status" else bundle('{"a":1}', fields=large)
    body = bundle_of(text)
    assert UNREADABLE not in body
    assert body["spec"]["bundle"] == {"appConfig": {"a": 1}}


@pytest.mark.parametrize(
    ("text", "heavy"),
    [
        (bundle("{}"), False),
        (bundle(json.dumps({"a": "x" * HEAVY_BYTES})), True),
        (bundle("[" + "[]," * DOCUMENT_MAX + "1]"), True),
        (bundle(nested(15_000, '{"a":', "}")), True),
        (bundle("{}", json.dumps({"resolved": {"document": "x" * HEAVY_BYTES}})), True),
        (bundle("{}", fields=json.dumps({f"f:{n}": {} for n in range(HEAVY_BYTES // 10)})), True),
    ],
    ids=["small", "content", "too large", "too deep", "status", "managedFields"],
)
def test_all_of_an_objects_text_makes_it_heavy_also_what_is_not_kept(text: bytes, heavy: bool) -> None:
    cache = ObjectCache()
    cache.observe("ModelBundle", "ADDED", bundle_of(text))
    assert cache.is_heavy(Key("b", "a")) is heavy
    cache.observe("ModelBundle", "DELETED", bundle_of(text))
    assert not cache.is_heavy(Key("b", "a"))


def test_what_the_api_server_writes_in_six_characters_counts_once() -> None:
    escaped = '"' + "\\u003c" * (DOCUMENT_MAX // 2) + '"'
    assert UNREADABLE not in bundle_of(bundle(f'{{"a":{escaped}}}'))


@pytest.mark.parametrize("levels", [1, *DEEP])
@pytest.mark.parametrize("first", [True, False])
def test_a_page_is_cut_into_its_objects_however_deep_they_are(levels: int, first: bool) -> None:
    items = [bundle(nested(levels, "[", "]")), bundle("{}")]
    metadata = b'"metadata":{"resourceVersion":"77","continue":"a\\"[{"}'
    parts = [b'"items":[' + b",".join(items) + b"]", metadata]
    page = page_of(b'{"kind":"ModelBundleList",' + b",".join(parts if first else parts[::-1]) + b"}")
    assert page == (items, "77", 'a"[{')


@pytest.mark.parametrize("items", [b"[]", b"null"])
def test_an_empty_page_has_no_objects(items: bytes) -> None:
    """Of metadata the API server sends null."""
    assert page_of(b'{"metadata":{"resourceVersion":"7"},"items":%s}' % items) == ([], "7", "")


@pytest.mark.parametrize("levels", [1, *DEEP])
def test_an_event_is_cut_from_its_line(levels: int) -> None:
    text = bundle(nested(levels, "[", "]"))
    assert event_of(b'{"type":"MODIFIED","object":%s}' % text) == ("MODIFIED", text)


def test_an_escaped_backslash_makes_nothing_smaller() -> None:
    text = '"' + "\\\\u003c" * (DOCUMENT_MAX // 4) + '"'
    assert bundle_of(bundle(f'{{"a":{text}}}'))[UNREADABLE]["reason"] == "TooLarge"


@pytest.mark.parametrize("levels", [1, *DEEP])
@pytest.mark.parametrize("whole", [True, False])
def test_of_a_head_only_who_it_is_and_whose_is_made(levels: int, whole: bool) -> None:
    """A page of metadata has managedFields of any depth too."""
    wanted = {
        "name": "a",
        "namespace": "b",
        "uid": "u",
        "resourceVersion": "7",
        "labels": {"app": "x"},
        "ownerReferences": [{"kind": "ModelBundle", "name": "a", "uid": "o", "controller": True}],
    }
    deep = nested(levels, '{"f:a":', "}")
    given = json.dumps({**wanted, "annotations": {"x": "y"}, "managedFields": ["DEEP"]}).replace('"DEEP"', deep)
    text = f'{{"metadata":{given}' + (f',"spec":{deep},"kind":"ModelBundle"}}' if whole else "}")
    assert head_of(text.encode()) == {"metadata": wanted}


def test_a_head_has_no_member_that_is_not_there() -> None:
    assert head_of(b'{"metadata":{"name":"a"}}') == {"metadata": {"name": "a"}}
