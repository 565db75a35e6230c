"""A layer that cannot be had, or is not what its reference says: said in the report, and no reason not to start."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bundle_runtime.artifacts import retry
from bundle_runtime.prepare import layer as layer_module
from tests.bundle_runtime.prepare.layered_pod import PICKLE, Pod, pod, reference_of
from tools.testkit.place import ROOT

__all__ = ["pod"]


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
    monkeypatch.setattr("threading.Thread", lambda **_: type("T", (), {"start": refused})())
    assert "it could not be begun: can't start new thread" in pod.without()["message"]


def test_an_artifact_that_fails_does_not_wait_for_the_layer(pod: Pod, tmp_path: Path) -> None:
    """A store that takes the connection for the layer and says nothing: the process ends all the same."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = ended(pod, "/no/such/file", f"http://127.0.0.1:{silent.getsockname()[1]}", 600)
    pod.store()
    assert done.returncode == 1, done.stderr
    assert json.loads(pod.log.read_text())["reason"] == "ArtifactNotFound"
    assert "layerFailed" not in pod.run(), "the next run begins anew"


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


def half_done(pod: Pod) -> list[Path]:
    packed = Path(pod.layout.layer_volume, "packed.partial")
    packed.write_bytes(b"half of it")
    unpacked = Path(pod.layout.layer_dir + ".partial")
    (unpacked / "package").mkdir(parents=True)
    return [packed, unpacked]


def test_what_is_given_up_leaves_its_room_to_install(pod: Pod) -> None:
    left = half_done(pod)
    layer_module.Fetching(partial=tuple(left)).end()
    assert all(path.exists() for path in left), "whoever fetches it clears by itself"
    layer_module.Fetching(partial=tuple(left), given_up=True).end()
    assert not any(path.exists() for path in left)


def test_a_run_that_was_killed_while_it_fetched_is_the_only_one(pod: Pod, tmp_path: Path) -> None:
    """As where prepare has too little memory for a layer: the next run starts the pod without it."""
    artifact = tmp_path / "bundle.pkl"
    artifact.write_bytes(PICKLE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = subprocess.Popen(
            command(str(artifact), 600),
            cwd=ROOT,
            env={**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"},
        )
        silent.settimeout(60)
        silent.accept()
        process.kill()
        process.wait()
    pod.store()
    half_done(pod)
    failed = pod.without()
    assert (failed["why"], "was killed while it fetched the layer" in failed["message"]) == ("Unreachable", True)
    assert pod.without()["why"] == "Unreachable"


def command(artifact: str, wait: int) -> list[str]:
    """The process, whose layer is in the bucket of an artifact that it takes from the disk."""
    program = (
        "from bundle_runtime.prepare import __main__ as prepare, layer\n"
        f"layer.WAIT_SECONDS = {wait}.0; layer.same_bucket = lambda *_: True; prepare.run()"
    )
    return [sys.executable, "-c", program, "--allow-local", "--uri", artifact]


def ended(pod: Pod, artifact: str, store: str, wait: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(artifact, wait),
        cwd=ROOT,
        env={**os.environ, "AWS_ENDPOINT_URL": store},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
