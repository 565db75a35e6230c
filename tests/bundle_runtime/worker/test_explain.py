"""What is said of a file that is not found, or may not be touched, by where it is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bundle_runtime.contract.layout import ROOT_VARIABLE
from bundle_runtime.worker import explain
from bundle_runtime.worker.explain import LOAD, UNPICKLE, known, next_step

IMAGE = "uid 65533 with HOME=/tmp/home"
OWN = "The code is the bundle's own"
RELATIVE = "not in the image's WORKDIR"
READ_ONLY = "Write caches below $HOME (/tmp/home), the rest to $TMPDIR"


@pytest.fixture(autouse=True)
def _places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/home")
    monkeypatch.setenv("TMPDIR", "/srv/tmp")
    monkeypatch.setenv(ROOT_VARIABLE, "/tmp/root")


def error(number: int, path: object) -> OSError:
    return OSError(number, os.strerror(number), path)


@pytest.mark.parametrize(
    ("number", "path", "advised"),
    [
        (errno.ENOENT, "/srv/home/.cache/m/weights", IMAGE),
        (errno.ENOENT, "/srv/tmp/weights", IMAGE),
        (errno.ENOENT, "/root/.cache/huggingface", IMAGE),
        (errno.ENOENT, "/tmp/weights", IMAGE),
        (errno.ENOENT, "/opt/../root/weights", IMAGE),
        (errno.ENOENT, "/srv/homes/weights", OWN),
        (errno.ENOENT, "/opt/weights", OWN),
        (errno.ENOENT, "/tmp/root/bundle/artifact/weights", "/weights is not in the bundle"),
        (errno.ENOENT, "weights.pt", RELATIVE),
        (errno.ENOENT, b"/root/weights", OWN),
        (errno.ENOENT, None, OWN),
        (errno.EACCES, "/root/.cache/huggingface", IMAGE),
        (errno.EACCES, "/opt/weights", IMAGE),
        (errno.EACCES, "/tmp/root/bundle/artifact/weights", OWN),
        (errno.EACCES, "weights.pt", OWN),
        (errno.EROFS, "weights.pt", READ_ONLY),
        (errno.EROFS, "/opt/package/cache", READ_ONLY),
        (errno.EROFS, None, READ_ONLY),
        (errno.ENOSPC, "/root/weights", "The disk is full (/root/weights)"),
    ],
)
def test_the_table(number, path, advised):
    assert advised in next_step(error(number, path), LOAD)


def test_what_a_library_made_of_it_is_looked_through():
    for link in ("__cause__", "__context__"):
        outer, inner = RuntimeError("no model"), ValueError("no file")
        setattr(outer, link, inner)
        setattr(inner, link, error(errno.ENOENT, "/root/weights"))
        assert IMAGE in next_step(outer, LOAD)


def test_a_context_that_the_code_itself_has_dropped_is_not():
    outer = RuntimeError("no model")
    outer.__context__, outer.__suppress_context__ = error(errno.ENOENT, "/root/weights"), True
    assert OWN in next_step(outer, LOAD)


def test_a_program_that_the_image_lacks_is_not_a_file_of_the_bundle():
    with pytest.raises(FileNotFoundError) as raised:
        subprocess.run(["no-such-program"], check=False)
    assert "no program no-such-program" in next_step(raised.value, LOAD)


def test_a_ring_of_errors_has_an_end():
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert OWN in next_step(one, LOAD)


class Silent(Exception):
    def __str__(self):
        raise SystemExit(3)


def test_an_exception_that_breaks_what_looks_at_it_has_words_too():
    assert OWN in next_step(Silent(), LOAD)


def test_a_request_s_exception_is_explained_once(monkeypatch):
    monkeypatch.setattr(explain, "_seen", set())
    assert "#file-not-in-bundle]" in known(error(errno.ENOENT, "weights.pt"))
    assert known(error(errno.ENOENT, "weights.pt")) == ""
    assert known(ValueError("the code's own")) == "", "that it failed is in the log as it is"
    for number in range(200):
        known(ValueError(str(number)))
    assert known(error(errno.ENOENT, "other.pt")) == "", "a flood of different ones is not looked at"


def test_the_bundle_is_asked_which_field_names_its_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    raised = TypeError("code() argument 13 must be str, not int")
    assert "pytorchImageTag, tensorflowVersion or customBaseImage" in next_step(raised, UNPICKLE)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/bundle.json").write_text('{"envParams": {"frameworkType": "tensorflow"}}')
    said = next_step(raised, UNPICKLE)
    assert "(spec.bundle.envParams.tensorflowVersion)" in said
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"Write the bundle with a Python {minor} (any {minor}.x)" in said


def test_a_shortage_of_memory_names_the_limit_or_else_the_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit, node = tmp_path / "memory.max", tmp_path / "meminfo"
    limit.write_text("max\n")
    node.write_text("MemTotal:       32505856 kB\nMemFree: 1 kB\n")
    monkeypatch.setattr(explain, "_MEMORY_FILE", str(limit))
    monkeypatch.setattr(explain, "_NODE_MEMORY_FILE", str(node))
    assert "got none (it has no limit: its node's 31.0 GiB are short)." in next_step(MemoryError(), LOAD)
    limit.write_text(f"{512 * 2**20}\n")
    assert "got none (its limit, spec.serving.resources.memory, is 512 MiB)." in next_step(MemoryError(), LOAD)
    limit.write_text("max\n")
    node.unlink()
    assert "got none." in next_step(MemoryError(), LOAD)


def test_a_file_system_is_full_when_a_user_has_no_room_left(tmp_path: Path) -> None:
    full = explain.world().is_full
    assert full("/proc"), "it has no blocks"
    assert not full(str(tmp_path))
    assert not full(str(tmp_path / "none"))


def test_a_package_of_requirements_is_told_from_one_of_the_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    for name, place in (("pandas", "requirements"), ("scikit-learn", "layer/requirements"), ("numpy", "image")):
        metadata = tmp_path / place / f"{name.replace('-', '_')}-1.5.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        monkeypatch.syspath_prepend(str(tmp_path / place))

    def said(module: str) -> str:
        return next_step(ModuleNotFoundError(f"No module named '{module}'", name=module), UNPICKLE)

    assert "than 1.5 of spec.bundle.requirements" in said("pandas.gone")
    assert "than 1.5 of spec.bundle.requirements" in said("sklearn.gone")
    assert "NumPy 1.5 of the image cannot read it" in said("numpy._core")
