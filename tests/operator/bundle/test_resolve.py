"""What resolve() finds in a bundle that the API server cannot, and that it says where and what to do."""

import hashlib
import json

import pytest
from modelbundle_operator.api.names import Reason, parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.errors import Terminal

from tools.testkit.model_bundles import ARTIFACT, PYTORCH, model_bundle

OBJECT = {"type": "object"}


def test_the_digest_is_the_hash_of_the_canonical_document():
    resolution = resolve(parse(model_bundle(appConfig={"mode": "single"}, requirements=[])))
    assert json.loads(resolution.canonical) == resolution.document
    assert resolution.digest == "sha256:" + hashlib.sha256(resolution.canonical.encode()).hexdigest()
    assert resolution.uri == ARTIFACT["uri"]
    assert "requirements" not in resolution.document


def test_the_digest_depends_on_the_content_alone():
    one = resolve(parse(model_bundle("a", {"replicas": 0}, artifact={**ARTIFACT, "uri": "s3://elsewhere/x"})))
    other = resolve(parse(model_bundle("b", {"replicas": 5, "gpu": {"count": 4}}, env=[])))
    assert one.digest == other.digest


@pytest.mark.parametrize(
    ("why", "fields", "reason", "says"),
    [
        (
            "appConfig has one spelling",
            {"appConfig": {"a": 1}, "appConfigJSON": '{"a": 1}'},
            Reason.INVALID_VALUE,
            "set one of them",
        ),
        ("appConfigJSON is JSON", {"appConfigJSON": "{'a': 1}"}, Reason.INVALID_VALUE, "spec.bundle.appConfigJSON"),
        ("NaN is not JSON", {"appConfigJSON": '{"a": NaN}'}, Reason.INVALID_VALUE, "NaN is not JSON"),
        ("appConfigJSON is an object", {"appConfigJSON": "[1]"}, Reason.INVALID_VALUE, "it is a list"),
        (
            "deep nesting is refused, not a crash",
            {"appConfigJSON": "[" * 100_000},
            Reason.INVALID_VALUE,
            "is not valid JSON",
        ),
        (
            "integers beyond 2^53 have no canonical form",
            {"appConfig": {"deep": [{"n": 2**53}]}},
            Reason.INVALID_VALUE,
            "spec.bundle.appConfig.deep[0].n",
        ),
        (
            "in schemas too",
            {"requestSchema": {"maximum": 2**60}},
            Reason.INVALID_VALUE,
            "spec.bundle.requestSchema.maximum",
        ),
        (
            "no process can be given a NUL",
            {"env": [{"name": "A", "value": "x"}, {"name": "B", "value": "x\0"}]},
            Reason.INVALID_VALUE,
            "spec.bundle.env[1].value has a NUL at character 2",
        ),
        (
            "not as an argument either",
            {"artifact": {**ARTIFACT, "uri": "s3://models/\0"}},
            Reason.INVALID_VALUE,
            "spec.bundle.artifact.uri has a NUL",
        ),
        ("a response schema is missing", {"responseSchema": None}, Reason.INVALID_SCHEMA, "responseSchema is not"),
        ("a request schema is missing", {"requestSchema": {}}, Reason.INVALID_SCHEMA, "requestSchema is not"),
        (
            "a schema is checked against the metaschema",
            {"requestSchema": {"properties": {"x": {"type": "int"}}}},
            Reason.INVALID_SCHEMA,
            "spec.bundle.requestSchema.properties.x.type",
        ),
        (
            "the YAML trap is named",
            {"requestSchema": {"required": ["x", True]}},
            Reason.INVALID_SCHEMA,
            'spec.bundle.requestSchema.required[1]: true is not of type "string". A name such as y, n, on or off',
        ),
        (
            "nothing is fetched",
            {"responseSchema": {"$ref": "https://example.com/s.json"}},
            Reason.INVALID_SCHEMA,
            "copy what is referred to into $defs",
        ),
        (
            "a reference must lead somewhere",
            {"responseSchema": {"$ref": "#/$defs/A"}},
            Reason.INVALID_SCHEMA,
            "spec.bundle.responseSchema",
        ),
        (
            "another dialect would be read wrongly",
            {"responseSchema": {"$schema": "http://host/own"}},
            Reason.INVALID_SCHEMA,
            "$schema",
        ),
        (
            "an entry of requirements is one requirement",
            {"requirements": ["numpy", "foo bar baz"]},
            Reason.INVALID_VALUE,
            "spec.bundle.requirements[1] is 'foo bar baz': expected",
        ),
        ("20,000 values are the limit", {"appConfig": {"a": [1] * 20_000}}, Reason.TOO_LARGE, "20000 are allowed"),
        ("192 KiB is the limit", {"appConfig": {"a": "x" * 200_000}}, Reason.TOO_LARGE, "196608 are allowed"),
    ],
)
def test_a_bundle_that_cannot_run_is_refused(why, fields, reason, says):
    with pytest.raises(Terminal) as error:
        resolve(parse(model_bundle(**fields)))
    assert error.value.reason == reason, why
    assert says in error.value.message, why
    assert len(error.value.message) < 1024


@pytest.mark.parametrize(
    ("why", "fields"),
    [
        ("schemas are optional, together", {"requestSchema": None, "responseSchema": None}),
        (
            "{} and [] clear",
            {"requestSchema": {}, "responseSchema": {}, "env": [], "requirements": [], "appConfig": {}},
        ),
        ("both spellings, one of them empty", {"appConfig": {}, "appConfigJSON": '{"scale": 1.0, "none": null}'}),
        ("an empty object as text", {"appConfigJSON": "{}"}),
        ("the dialect may be named", {"requestSchema": {"$schema": "https://json-schema.org/draft/2020-12/schema"}}),
        (
            "local references and the old keyword for definitions",
            {"requestSchema": {**OBJECT, "$ref": "#/definitions/A", "definitions": {"A": {"type": "object"}}}},
        ),
        ("nulls that were stored all the same", {"appConfig": {"a": None, "b": [None]}}),
        ("the largest integers that are exact", {"appConfig": {"a": 2**53 - 1, "b": -(2**53) + 1}}),
    ],
)
def test_a_bundle_that_can_run_resolves(why, fields):
    assert resolve(parse(model_bundle(**fields))).digest.startswith("sha256:"), why


def test_an_unset_field_and_an_empty_one_have_one_digest():
    bare = resolve(parse(model_bundle(requestSchema=None, responseSchema=None)))
    empty = resolve(parse(model_bundle(requestSchema={}, responseSchema={}, appConfig={}, env=[])))
    assert bare.canonical == empty.canonical
    assert bare.document == {
        "schemaVersion": 1,
        "artifact": {name: value for name, value in ARTIFACT.items() if name != "uri"},
        "envParams": PYTORCH,
    }
