"""The last container of the Job that tries a bundle without a GPU: which Python, and then install."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker import precheck
from bundle_spec.document import digest

HAVE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str = "", **document: Any
) -> tuple[int, dict[str, Any]]:
    """The exit code and the report."""
    content = json.dumps({"schemaVersion": 1, **document}).encode()
    layout, message = Layout(str(tmp_path)), tmp_path / "message"
    Path(layout.config_file).parent.mkdir(parents=True)
    Path(layout.config_file).write_bytes(content)
    monkeypatch.setenv("MODELBUNDLE_ROOT", str(tmp_path))
    monkeypatch.setenv("MODELBUNDLE_DIGEST", asked or digest(content))
    monkeypatch.setenv("MODELBUNDLE_TERMINATION_LOG", str(message))
    code = precheck.main()
    return code, json.loads(message.read_text())


@pytest.mark.parametrize(
    ("version", "code", "reason"),
    [(HAVE, 0, "Completed"), (f"{HAVE}.1", 0, "Completed"), ("2.7", 1, "PythonMismatch")],
)
def test_the_image_has_the_python_that_wrote_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, code: int, reason: str
) -> None:
    artifact = {"packaging": "cloudpickle", "pythonVersion": version}
    found, report = run(tmp_path, monkeypatch, artifact=artifact)
    assert (found, report["reason"]) == (code, reason)


def test_what_is_wrong_with_the_artifact_is_found_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(str(tmp_path))
    Path(layout.artifact_dir).mkdir(parents=True)
    Path(layout.pickle_file).write_bytes(b"this is not a pickle")
    artifact = {"packaging": "cloudpickle", "pythonVersion": HAVE}
    code, report = run(tmp_path, monkeypatch, artifact=artifact, requirements=["--index-url http://x"])
    assert (code, report["reason"]) == (1, "UnpickleFailed")
    assert report["message"].endswith("#not-a-pickle]")


@pytest.mark.parametrize("missing", ["ssl", "ctypes", "lzma", "bz2", "sqlite3", "readline"])
def test_a_python_that_was_built_without_a_library_is_tried_as_it_would_be_served(tmp_path: Path, missing: str) -> None:
    """What the worker can do without, the try does without."""
    content = b'{"artifact": {}, "schemaVersion": 1}'
    layout = Layout(str(tmp_path))
    Path(layout.config_file).parent.mkdir(parents=True)
    Path(layout.config_file).write_bytes(content)
    without = f"import sys; sys.modules[{missing!r}] = sys.modules['_' + {missing!r}] = None"
    code = f"{without}; import bundle_runtime.worker.process; from bundle_runtime.worker.precheck import main; main()"
    variables = {"MODELBUNDLE_ROOT": str(tmp_path), "MODELBUNDLE_DIGEST": digest(content)}
    message = tmp_path / "message"
    environment = {**os.environ, **variables, "MODELBUNDLE_TERMINATION_LOG": str(message)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert message.exists(), done.stderr
    assert json.loads(message.read_text())["reason"] == "Completed"


def test_what_can_be_read_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that no installer takes is refused before anything is asked for."""
    code, report = run(tmp_path, monkeypatch, artifact={}, requirements=["--index-url http://x"])
    assert (code, report["reason"]) == (1, "InstallFailed")


def test_another_document_than_was_asked_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, report = run(tmp_path, monkeypatch, "sha256:" + "0" * 64, artifact={})
    assert (code, report["reason"]) == (1, "BundleDocumentMismatch")
