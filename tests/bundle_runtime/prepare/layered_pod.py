"""prepare in a pod whose bundle has requirements and a layer of them in a real S3 server."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.contract.layer import LayerReference, layer_uri
from bundle_runtime.contract.layout import Layout
from bundle_runtime.layers.pack import pack
from bundle_runtime.prepare.__main__ import main
from tools.testkit.artifact_stores import document_for, write_document

PICKLE = b"a pickle, more or less"
URI = "s3://models/team/bundle.pkl"


@dataclasses.dataclass
class Pod:
    """prepare in a pod whose bundle has requirements and a layer."""

    layout: Layout
    log: Path
    put: Callable[[str, bytes], str]
    packed: bytes
    reference: LayerReference

    def refer(self, **other: Any) -> None:
        """What the operator writes into the ConfigMap."""
        Path(self.layout.layer_reference_file).write_text(json.dumps({**self.reference.as_dict(), **other}))

    def store(self, content: bytes | None = None) -> None:
        key = self.reference.uri.removeprefix("s3://models/")
        self.put(key, self.packed if content is None else content)

    def run(self, *options: str) -> dict[str, Any]:
        """The report of a run, which ends well and leaves nothing half done."""
        assert main(["--uri", URI, *options]) == 0
        assert Path(self.layout.pickle_file).read_bytes() == PICKLE
        left = {path.name for path in Path(self.layout.layer_volume).iterdir()}
        assert left <= {"requirements", "reference.json", "fetching"}
        report: dict[str, Any] = json.loads(self.log.read_text())
        assert report["reason"] == "Completed"
        assert set(report["seconds"]) >= {"download", "verify", "unpack"}
        return report

    def without(self, *options: str) -> dict[str, str]:
        """Why there is no layer after a run."""
        report = self.run(*options)
        assert not Path(self.layout.layer_dir).exists()
        failed: dict[str, str] = report["layerFailed"]
        return failed


def reference_of(packed: bytes, digest: str = f"sha256:{'0' * 64}") -> LayerReference:
    sha256 = hashlib.sha256(packed).hexdigest()
    uri = layer_uri(URI, sha256)
    assert uri is not None
    return LayerReference(digest, sha256, uri, len(packed))


@pytest.fixture
def pod(tmp_path: Path, layout: Layout, s3: Callable[[str, bytes], str], monkeypatch: pytest.MonkeyPatch) -> Pod:
    digest = write_document(layout, document_for(PICKLE, requirements=["package"]))
    log = tmp_path / "termination-log"
    monkeypatch.setenv("MODELBUNDLE_ROOT", layout.root)
    monkeypatch.setenv("MODELBUNDLE_DIGEST", digest)
    monkeypatch.setenv("MODELBUNDLE_TERMINATION_LOG", str(log))
    s3("team/bundle.pkl", PICKLE)
    tree = tmp_path / "tree"
    (tree / "package").mkdir(parents=True)
    (tree / "package/__init__.py").write_bytes(os.urandom(300_000))
    made = pack(tree, tmp_path / "packed")
    packed = (tmp_path / "packed").read_bytes()
    Path(layout.layer_volume).mkdir()
    found = Pod(layout, log, s3, packed, reference_of(packed, made.digest))
    found.refer()
    return found
