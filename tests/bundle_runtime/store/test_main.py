"""The container `store`: a layer in the store, or words for why not, and exit code 0 in any case."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.artifacts.fetch import fetch
from bundle_runtime.contract.layer import layer_reference, layer_uri
from bundle_runtime.contract.layout import Layout
from bundle_runtime.layers.unpack import unpack
from bundle_runtime.store import __main__ as store
from tools.testkit.artifact_stores import document_for, write_document
from tools.testkit.place import ROOT

BESIDE = "s3://models/team/model/bundle.pkl"
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def tree(layout: Layout) -> Path:
    directory = Path(layout.requirements_dir)
    (directory / "package").mkdir(parents=True)
    (directory / "package/__init__.py").write_text("VALUE = 1\n")
    (directory / "installed.txt").write_text("package==1\n")
    (directory / ".layer.json").write_text(json.dumps({"requirements": ["package"], "image": "sha256:0"}))
    (directory / ".modelbundle").write_text("sha256:0 3.12")
    return directory


@pytest.fixture
def run(tmp_path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The report of a run, which ends well."""
    log = tmp_path / "termination-log"
    monkeypatch.setenv("MODELBUNDLE_ROOT", layout.root)
    monkeypatch.setenv("MODELBUNDLE_TERMINATION_LOG", str(log))
    monkeypatch.setenv("MODELBUNDLE_DIGEST", write_document(layout, document_for(b"", requirements=["package"])))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def one(beside: str = BESIDE) -> dict[str, Any]:
        assert store.main(["--beside", beside]) == 0
        assert list((tmp_path / "tmp").iterdir()) == [], "what was packed is not left"
        report: dict[str, Any] = json.loads(log.read_text())
        assert report["reason"] == "Completed"
        return report

    return one


def test_what_was_installed_is_beside_the_artifact(
    s3: Callable[[str, bytes], str], run: Run, tree: Path, tmp_path: Path
) -> None:
    report = run()
    layer = layer_reference(report["layer"])
    assert layer is not None
    assert layer.uri == layer_uri(BESIDE, layer.sha256) == f"s3://models/team/model/layers/{layer.sha256}.tar.zst"
    assert report["layer"]["files"] == 3
    assert "noLayer" not in report
    fetched = fetch(layer.uri, tmp_path / "packed")
    assert (fetched.sha256, fetched.bytes) == (layer.sha256, layer.bytes)
    unpack(tmp_path / "packed", tmp_path / "out")
    assert (tmp_path / "out/package/__init__.py").read_text() == "VALUE = 1\n"
    assert not (tmp_path / "out/.modelbundle").exists()


def test_a_second_run_mends_what_was_changed(
    s3: Callable[[str, bytes], str], run: Run, tree: Path, tmp_path: Path
) -> None:
    layer = run()["layer"]
    s3(layer["uri"].removeprefix("s3://models/"), b"changed")
    assert run()["layer"] == layer
    assert fetch(layer["uri"], tmp_path / "packed").sha256 == layer["sha256"]


def empty(tree: Path) -> None:
    (tree / ".layer.json").unlink()


def from_layer(tree: Path) -> None:
    (tree / ".from-layer").write_text("sha256:0")


def piped(tree: Path) -> None:
    os.mkfifo(tree / "package/pipe")


def linked(tree: Path) -> None:
    (tree / "package/out").symlink_to("/etc")


def huge(tree: Path) -> None:
    with (tree / "huge").open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (empty, "install has left no .layer.json"),
        (from_layer, "the requirements come from a layer already"),
        (piped, "'package/pipe' is neither a file, a directory nor a link"),
        (linked, "the link 'package/out' leads out of it"),
        (huge, "its files have more than"),
    ],
)
def test_a_tree_that_is_no_layer_is_said(run: Run, tree: Path, change: Callable[[Path], None], says: str) -> None:
    change(tree)
    report = run()
    assert says in report["noLayer"]
    assert "layer" not in report


@pytest.mark.parametrize(
    "uri", ["https://host/a.pkl", "pvc://claim/a.pkl", f"s3://models/{'a' * 1200}/b", "s3://models"]
)
def test_an_artifact_beside_which_nothing_can_be_stored(run: Run, tree: Path, uri: str) -> None:
    assert run(uri)["noLayer"].startswith("nothing can be stored beside ")


def test_an_address_with_a_password_is_not_told(run: Run, tree: Path) -> None:
    assert "secret" not in run("https://user:secret@host/a.pkl?sig=secret")["noLayer"]


def test_another_document_than_the_jobs_is_not_trusted(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELBUNDLE_DIGEST", "sha256:" + "0" * 64)
    assert "the bundle's ConfigMap was edited" in run()["noLayer"]


def test_what_nobody_thought_of_ends_well_too(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of a library")

    monkeypatch.setattr(store, "store_layer", broken)
    assert run()["noLayer"] == "it could not be stored: ZeroDivisionError: of a library"


def test_a_store_that_hangs_is_given_up(layout: Layout, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a connection and says nothing, and an upload waits for it in threads that Python's end waits for."""
    log = Path(layout.root) / "termination-log"
    program = "from bundle_runtime.store import __main__ as store; store.LONGEST_SECONDS = 1.0; store.run()"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {
            "MODELBUNDLE_ROOT": layout.root,
            "MODELBUNDLE_DIGEST": write_document(layout, document_for(b"", requirements=["package"])),
            "MODELBUNDLE_TERMINATION_LOG": str(log),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
        }
        command = [sys.executable, "-c", program, "--beside", BESIDE]
        done = subprocess.run(
            command, env={**os.environ, **variables}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(log.read_text())["noLayer"].startswith("it was not stored within 1 s")
