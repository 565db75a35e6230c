"""The reference of a layer, which anybody who may edit a ConfigMap can write, and the one address a layer can have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.contract.layer import (
    MAX_PACKED_BYTES,
    MAX_URI,
    LayerReference,
    layer_reference,
    layer_uri,
    read_reference,
    same_bucket,
)
from bundle_runtime.contract.report import LIMIT, Report, encode

SHA256 = "ab" * 32
GOOD: dict[str, Any] = {
    "digest": f"sha256:{'cd' * 32}",
    "sha256": SHA256,
    "uri": f"s3://models/a/layers/{SHA256}.tar.zst",
    "bytes": 7,
}


def test_a_reference_has_four_parts_and_may_have_more() -> None:
    found = layer_reference({**GOOD, "files": 12, "new": [1]})
    assert found == LayerReference(**GOOD)
    assert found.as_dict() == GOOD


@pytest.mark.parametrize(
    "other",
    [
        {"digest": SHA256},
        {"digest": f"sha256:{'CD' * 32}"},
        {"digest": f"sha256:{'cd' * 32}\n"},
        {"digest": None},
        {"sha256": "ab"},
        {"sha256": SHA256 + "\n"},
        {"sha256": "cd" * 32},
        {"uri": f"https://models/a/layers/{SHA256}.tar.zst"},
        {"uri": f"s3://models/a/{SHA256}.tar.zst"},
        {"uri": f"s3://models/{'a' * 1100}/layers/{SHA256}.tar.zst"},
        {"uri": ["s3://"]},
        {"bytes": 0},
        {"bytes": True},
        {"bytes": 7.0},
        {"bytes": "7"},
        {"bytes": MAX_PACKED_BYTES + 1},
    ],
)
def test_each_part_has_its_form(other: dict[str, object]) -> None:
    assert layer_reference({**GOOD, **other}) is None


@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_what_is_no_object_is_no_reference(value: object) -> None:
    assert layer_reference(value) is None


def test_it_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "layer.json"
    assert read_reference(str(file)) is None
    file.write_text(json.dumps(GOOD))
    assert read_reference(str(file)) == LayerReference(**GOOD)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 4000,
        json.dumps({**GOOD, "bytes": -1}).encode(),
        json.dumps(GOOD).encode() + b" " * 5000,
    ],
)
def test_a_file_of_anything_else_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "layer.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="is not the reference of a layer"):
        read_reference(str(file))


@pytest.mark.parametrize(
    ("artifact", "layer"),
    [
        ("s3://models/a.pkl", "s3://models/layers/"),
        ("s3://models/a/b/c.zip", "s3://models/a/b/layers/"),
        ("s3://models/a?b#c/d%2Fe", "s3://models/a?b#c/layers/"),
        ("s3://models/layers/layers", "s3://models/layers/layers/"),
        ("s3://models//a", "s3://models/layers/"),
        ("S3://models/a", "S3://models/layers/"),
        (f"s3://models/9f/9f{'0' * 62}.zip", "s3://models/layers/"),
        (f"s3://models/team/9f/9f{'0' * 62}.zip", "s3://models/team/layers/"),
        ("s3://models/team/9f/a.zip", "s3://models/team/9f/layers/"),
        ("s3://models/team/9F/9Fa.zip", "s3://models/team/9F/layers/"),
        ("s3://models/team/9fa/9fab.zip", "s3://models/team/9fa/layers/"),
        ("s3://9f/9f.zip", "s3://9f/layers/"),
        ("s3://models/", None),
        ("s3://models", None),
        ("s3:///a", None),
        ("https://host/a.pkl", None),
        ("pvc://claim/a.pkl", None),
        ("file:///a.pkl", None),
        (f"s3://models/{'ü' * 200}/a", None),
    ],
)
def test_a_layer_is_below_the_artifacts_directory(artifact: str, layer: str | None) -> None:
    assert layer_uri(artifact, SHA256) == (layer and f"{layer}{SHA256}.tar.zst")


def test_its_report_is_never_shortened() -> None:
    """An address that was cut in the middle would be no address."""
    room = MAX_URI - len(json.dumps(layer_uri("s3://models/a/b", SHA256)))
    longest = layer_uri(f"s3://models/{'a' * (room + 1)}/b", SHA256)
    assert longest is not None
    assert layer_uri(f"s3://models/{'a' * (room + 2)}/b", SHA256) is None
    layer = {**GOOD, "uri": longest, "bytes": MAX_PACKED_BYTES, "files": 300_000}
    said = encode(Report("Completed", seconds={"store": 899.123}, layer=layer))
    assert len(said) < LIMIT
    assert json.loads(said)["layer"] == layer


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("s3://models/a", "s3://models/b/c", True),
        ("S3://models/a", "s3://models/b", True),
        ("s3://models/a", "s3://models2/a", False),
        ("s3://models/a", "https://models/a", False),
    ],
)
def test_a_layer_is_in_the_bucket_of_the_artifact(one: str, other: str, same: bool) -> None:
    assert same_bucket(one, other) is same
