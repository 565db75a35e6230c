"""YAML that every reader reads alike, and the example request that `serve` prints."""

import pytest
import yaml

from launch.bundle.manifest import ManifestError, dump, parse
from launch.local.example_request import example_request
from launch.local.local_serving import absolute_uri

BUNDLE = "kind: ModelBundle\nspec: "
LOOKALIKES = [
    *("y", "n", "Yes", "off", "TRUE", "null", "~", "", "1.5", "3.8", "1e3", "0x1F", "0o7", "010", "1_000", "12:30"),
    *("+1", ".5", ".inf", "-.INF", ".NaN", "2024-01-01", "=", "<<", "-", "1.7.1-cuda11.0", " lead", "a: b", "#", "é"),
]


def spec_of(text: str) -> object:
    return parse(text, "file")[0]["spec"]


def test_strings_that_look_like_something_else_stay_strings_for_every_reader():
    manifest = {"kind": "ModelBundle", "spec": {"list": LOOKALIKES, **dict.fromkeys(LOOKALIKES, 1)}}
    text = dump(manifest)
    assert parse(text, "file") == [manifest]
    assert yaml.safe_load(text) == manifest
    assert '"y": 1' in text


@pytest.mark.parametrize("value", [None, 1.0, 2**53, float("nan")])
def test_what_would_not_arrive_as_it_is_is_not_written(value):
    with pytest.raises(ManifestError, match=r"^\$\.spec\.bundle\.appConfig\.a\[0\] is .*appConfigJSON"):
        dump({"kind": "ModelBundle", "spec": {"bundle": {"appConfig": {"a": [value]}}}})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{y: 1}", {True: 1}),
        ("{a: no}", {"a": False}),
        ("{a: 2024-01-01}", {"a": "2024-01-01"}),
        ("{a: 1e3}", {"a": 1000.0}),
        ("{a: 12:30}", {"a": "12:30"}),
        ("{a: 0x10}", {"a": 16}),
        ("{a: 3.8}", {"a": 3.8}),
    ],
)
def test_bare_scalars_are_read_as_kubectl_reads_them(text, value):
    assert spec_of(BUNDLE + text) == value


@pytest.mark.parametrize("text", ["kind: Pod", "[1]", "", "a: [", "a: !!python/object:os.system {}"])
def test_what_holds_no_bundle_is_refused(text):
    with pytest.raises(ManifestError):
        parse(text, "file")


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (None, {}),
        ({"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}}, {"x": 1, "y": "text"}),
        ({"properties": {"x": {"type": "number"}, "z": {}}, "required": ["x"]}, {"x": 1}),
        ({"properties": {"x": {"enum": ["a", "b"]}, "y": {"default": 4}}}, {"x": "a", "y": 4}),
        (
            {"$ref": "#/definitions/A", "definitions": {"A": {"properties": {"k": {"const": "single"}}}}},
            {"k": "single"},
        ),
        ({"anyOf": [{"properties": {"x": {"type": "array", "items": {"type": "boolean"}}}}]}, {"x": [True]}),
        ({"$ref": "#"}, {}),
    ],
)
def test_the_example_request_fits_the_schema(schema, value):
    assert example_request(schema) == value


@pytest.mark.parametrize(
    ("uri", "absolute"),
    [
        ("bundle.pkl", "/dir/bundle.pkl"),
        ("../a/bundle.pkl", "/a/bundle.pkl"),
        ("file:bundle.pkl", "/dir/bundle.pkl"),
        ("/abs/bundle.pkl", "/abs/bundle.pkl"),
        ("file:///abs/bundle.pkl", "file:///abs/bundle.pkl"),
        ("s3://models/bundle.pkl", "s3://models/bundle.pkl"),
    ],
)
def test_an_artifact_path_counts_from_the_manifests_directory(uri, absolute):
    from pathlib import Path

    assert absolute_uri(uri, Path("/dir")) == absolute
