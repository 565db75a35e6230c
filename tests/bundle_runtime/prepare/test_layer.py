"""The layer beside the artifact: used where it is what its reference says, and never a reason not to start."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.artifacts import retry
from bundle_runtime.contract.layer import LayerReference, layer_uri
from bundle_runtime.contract.layout import Layout
from bundle_runtime.layers.pack import pack
from bundle_runtime.prepare import __main__ as program
from bundle_runtime.prepare import layer as layer_module
from bundle_runtime.prepare.__main__ import main
from tools.testkit.artifact_stores import document_for, write_document
from tools.testkit.place import ROOT

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
        assert left <= {"requirements", "reference.json"}
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


def test_the_layer_is_there_when_install_starts(pod: Pod, tmp_path: Path) -> None:
    pod.store()
    report = pod.run()
    assert "layerFailed" not in report
    assert {"layerDownload", "layerUnpack"} < set(report["seconds"])
    unpacked = Path(pod.layout.layer_dir, "package/__init__.py")
    assert unpacked.read_bytes() == (tmp_path / "tree/package/__init__.py").read_bytes()
    assert json.loads(Path(pod.layout.layer_mark_file).read_text()) == pod.reference.as_dict()


def test_install_and_the_worker_can_read_it(pod: Pod) -> None:
    """They are another user."""
    pod.store()
    pod.run()
    for path in (Path(pod.layout.layer_dir), *Path(pod.layout.layer_volume).rglob("*")):
        assert path.stat().st_mode & 0o044 == 0o044, path


def test_a_pod_of_an_older_template_has_no_place_for_it(pod: Pod) -> None:
    pod.store()
    Path(pod.layout.layer_volume).rmdir()
    assert main(["--uri", URI]) == 0
    assert set(json.loads(pod.log.read_text())) == {"reason", "message", "seconds", "bytes"}
    assert not Path(pod.layout.layer_volume).exists()


def test_without_a_reference_nothing_is_fetched(pod: Pod) -> None:
    pod.store()
    Path(pod.layout.layer_reference_file).unlink()
    assert set(pod.run()["seconds"]) == {"download", "verify", "unpack"}
    assert list(Path(pod.layout.layer_volume).iterdir()) == []


def test_a_bundle_without_requirements_fetches_none(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    pod.store()
    monkeypatch.setenv("MODELBUNDLE_DIGEST", write_document(pod.layout, document_for(PICKLE)))
    pod.run()
    assert list(Path(pod.layout.layer_volume).iterdir()) == []


def test_what_is_not_in_the_store_is_not_found(pod: Pod) -> None:
    failed = pod.without()
    assert failed["why"] == "NotFound"
    assert failed["message"] == f"{pod.reference.uri} is not in the store any more"
    assert failed["sha256"] == pod.reference.sha256, "by which the operator knows which one is meant"


@pytest.mark.parametrize("damage", ["tampered", "truncated", "longer", "empty"])
def test_other_bytes_are_a_mismatch_and_are_not_unpacked(
    pod: Pod, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    def unpacked(*_: object) -> None:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(layer_module, "unpack", unpacked)
    at = len(pod.packed) // 2
    changed = {
        "tampered": pod.packed[:at] + bytes([pod.packed[at] ^ 1]) + pod.packed[at + 1 :],
        "truncated": pod.packed[:at],
        "longer": pod.packed + b"x",
        "empty": b"",
    }
    pod.store(changed[damage])
    assert pod.without()["why"] == "Mismatch"


def test_an_object_of_another_size_is_not_fetched_as_a_whole(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large it is, and whatever room there is for it."""
    monkeypatch.setattr("bundle_runtime.artifacts.s3.PART_BYTES", 1 << 20)
    pod.store(os.urandom(3 << 20))
    monkeypatch.setattr(layer_module, "need_room", lambda *_: None)
    failed = pod.without()
    assert (failed["why"], "has 3145728 bytes and not" in failed["message"]) == ("Mismatch", True)


def test_right_bytes_that_are_no_layer_are_broken(pod: Pod, tmp_path: Path) -> None:
    pod.packed = b"not what zstd writes"
    pod.reference = reference_of(pod.packed)
    pod.refer()
    pod.store()
    failed = pod.without()
    assert failed["why"] == "Broken"
    assert "was not unpacked: it is not what zstd writes" in failed["message"]


def test_keys_that_may_not_read_it_are_denied(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """The artifact is kept from an earlier run, so that only the layer is asked for."""
    pod.run()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert pod.without()["why"] == "Denied"


def test_a_store_that_is_gone_is_unreachable(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    pod.run()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert pod.without()["why"] == "Unreachable"


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 4000])
def test_a_reference_that_somebody_edited(pod: Pod, content: str) -> None:
    Path(pod.layout.layer_reference_file).write_text(content)
    failed = pod.without()
    assert failed["why"] == "Unreachable"
    assert "is not the reference of a layer" in failed["message"]


def test_another_bucket_is_not_asked_by_these_keys(pod: Pod) -> None:
    pod.refer(uri=f"s3://others/layers/{pod.reference.sha256}.tar.zst")
    failed = pod.without()
    assert (failed["why"], "another bucket" in failed["message"]) == ("Unreachable", True)


def test_it_takes_no_more_of_the_disk_than_it_may(pod: Pod) -> None:
    pod.store()
    most = str(pod.reference.bytes + 100_000)
    failed = pod.without("--layer-bytes", most)
    assert failed["why"] == "Unreachable"
    assert f"together more than the {most} of serving.sizeLimits.requirements" in failed["message"]
    assert "layerFailed" not in pod.run("--layer-bytes", str(pod.reference.bytes + 300_000))


def test_one_that_is_packed_too_large_is_not_fetched(pod: Pod) -> None:
    pod.refer(bytes=1 << 30)
    assert "1073741824 bytes" in pod.without("--layer-bytes", "1000")["message"]


def test_a_disk_without_room_is_said(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    pod.run()
    pod.store()
    monkeypatch.setattr(retry, "DISK_RESERVE_BYTES", 1 << 62)
    failed = pod.without()
    assert failed["why"] == "Unreachable"
    assert failed["message"].startswith("no room for the layer of the requirements")


def test_what_nobody_thought_of_stops_nothing(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of a library")

    pod.store()
    monkeypatch.setattr(layer_module, "unpack", broken)
    failed = pod.without()
    assert (failed["why"], failed["message"]) == ("Unreachable", "ZeroDivisionError: of a library")


def test_a_node_without_threads_stops_nothing(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    pod.run()  # the artifact is there, and needs none
    pod.store()
    monkeypatch.setattr(layer_module.threading, "Thread", lambda **_: type("T", (), {"start": refused})())
    assert "no thread could be started" in pod.without()["message"]


def test_a_second_run_keeps_what_is_there(pod: Pod) -> None:
    pod.store()
    pod.run()
    before = Path(pod.layout.layer_dir).stat().st_ino
    pod.store(b"gone")
    assert "layerFailed" not in pod.run()
    assert Path(pod.layout.layer_dir).stat().st_ino == before


def test_a_run_that_was_cut_off_is_done_again(pod: Pod) -> None:
    pod.store()
    pod.run()
    Path(pod.layout.layer_dir).rename(pod.layout.layer_dir + ".partial")
    Path(pod.layout.layer_volume, "packed.partial").write_bytes(b"half")
    assert "layerFailed" not in pod.run()
    assert Path(pod.layout.layer_dir, "package/__init__.py").exists()


def test_another_layer_takes_its_place(pod: Pod, tmp_path: Path) -> None:
    pod.store()
    pod.run()
    (tmp_path / "tree/new").write_text("new")
    made = pack(tmp_path / "tree", tmp_path / "packed")
    pod.packed = (tmp_path / "packed").read_bytes()
    pod.reference = reference_of(pod.packed, made.digest)
    pod.refer()
    pod.store()
    assert "layerFailed" not in pod.run()
    assert Path(pod.layout.layer_dir, "new").exists()


def test_a_layer_that_is_forgotten_stays_with_the_pod_that_has_it(pod: Pod) -> None:
    pod.store()
    pod.run()
    Path(pod.layout.layer_reference_file).unlink()
    pod.run()
    assert Path(pod.layout.layer_dir, "package/__init__.py").exists()


def test_an_artifact_that_fails_does_not_wait_for_the_layer(pod: Pod, tmp_path: Path) -> None:
    """A store that takes the connection for the layer and says nothing: the process ends all the same."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = ended(pod, "/no/such/file", f"http://127.0.0.1:{silent.getsockname()[1]}", 600)
    assert done.returncode == 1, done.stderr
    assert json.loads(pod.log.read_text())["reason"] == "ArtifactNotFound"


def test_a_layer_that_hangs_is_given_up(pod: Pod, tmp_path: Path) -> None:
    artifact = tmp_path / "bundle.pkl"
    artifact.write_bytes(PICKLE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = ended(pod, str(artifact), f"http://127.0.0.1:{silent.getsockname()[1]}", 1)
    assert done.returncode == 0, done.stderr
    report = json.loads(pod.log.read_text())
    assert report["layerFailed"]["why"] == "Unreachable"
    assert report["layerFailed"]["message"] == "it was not there 1 s after the artifact"
    assert Path(pod.layout.pickle_file).exists()


def ended(pod: Pod, artifact: str, store: str, wait: int) -> subprocess.CompletedProcess[str]:
    """The process, whose layer is in the bucket of an artifact that it takes from the disk."""
    program = (
        "from bundle_runtime.prepare import __main__ as prepare, layer\n"
        f"layer.WAIT_SECONDS = {wait}.0; layer.same_bucket = lambda *_: True; prepare.run()"
    )
    command = [sys.executable, "-c", program, "--allow-local", "--uri", artifact]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "AWS_ENDPOINT_URL": store},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def test_what_is_waited_for_beyond_the_artifact_is_all_that_counts(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that was there before the artifact has taken no time."""
    pod.store()
    there = threading.Event()
    prepare = layer_module._run
    monkeypatch.setattr(layer_module, "_run", lambda *given: (prepare(*given), there.set()))
    fetch = program.prepare
    monkeypatch.setattr(program, "prepare", lambda *given, **named: (there.wait(50), fetch(*given, **named))[1])
    seconds = pod.run()["seconds"]
    assert (seconds["layerDownload"], seconds["layerUnpack"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("ends", "seconds"),
    [
        ({"layerDownload": 5.0, "layerUnpack": 9.0}, {"layerDownload": 0.0, "layerUnpack": 0.0}),
        ({"layerDownload": 5.0, "layerUnpack": 12.0}, {"layerDownload": 0.0, "layerUnpack": 2.0}),
        ({"layerDownload": 13.0, "layerUnpack": 15.0}, {"layerDownload": 3.0, "layerUnpack": 2.0}),
        ({"layerDownload": 11.0}, {"layerDownload": 1.0}),
        ({}, {}),
    ],
)
def test_its_parts_add_up_behind_the_artifact(
    monkeypatch: pytest.MonkeyPatch, ends: dict[str, float], seconds: dict[str, float]
) -> None:
    monkeypatch.setattr(layer_module.time, "monotonic", lambda: 10.0)
    assert layer_module.Fetching(ends=ends).wait() == (seconds, {})
