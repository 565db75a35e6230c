"""Packing the examples twice gives the same bytes, named by their sha256."""

import hashlib

from examples.pack import EXAMPLES, pack
from launch.bundle.manifest import read_bundle


def test_the_same_sources_give_the_same_artifact(tmp_path):
    first, second = (pack(EXAMPLES / "iris", tmp_path / name, artifact_base="s3://models/") for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    artifact = read_bundle(first)["spec"]["bundle"]["artifact"]
    assert artifact["uri"] == "s3://models/iris/bundle.zip"
    assert artifact["sha256"] == hashlib.sha256((tmp_path / "b/iris/bundle.zip").read_bytes()).hexdigest()
