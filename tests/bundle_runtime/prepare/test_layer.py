"""The layer beside the artifact: there when install starts, kept by its pod, and counted by what it was waited for."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.layers.pack import pack
from bundle_runtime.prepare import __main__ as program
from bundle_runtime.prepare import artifact
from bundle_runtime.prepare import layer as layer_module
from tests.bundle_runtime.prepare.layered_pod import PICKLE, URI, Pod, pod, reference_of
from tools.testkit.artifact_stores import document_for, write_document

__all__ = ["pod"]


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
    assert program.main(["--uri", URI]) == 0
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


def test_what_is_waited_for_beyond_the_artifact_is_all_that_counts(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that was there before the artifact has taken no time."""
    pod.store()
    there = threading.Event()
    run, prepare = layer_module._run, artifact.prepare

    def run_and_say(*given: Any) -> None:
        run(*given)
        there.set()

    def wait_and_prepare(*given: Any, **named: Any) -> artifact.Prepared:
        assert there.wait(50)
        return prepare(*given, **named)

    monkeypatch.setattr(layer_module, "_run", run_and_say)
    monkeypatch.setattr(program, "prepare", wait_and_prepare)
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
    monkeypatch.setattr("time.monotonic", lambda: 10.0)
    assert layer_module.Fetching(ends=ends).wait() == (seconds, {})
