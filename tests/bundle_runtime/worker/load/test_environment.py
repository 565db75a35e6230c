"""What a start of the worker finds in its directory for temporary files: HOME, and nothing else of the one before."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runtime.worker.load.environment import clear_scratch

CACHED = "home/.cache/m/weights"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "tmp"
    for name in (CACHED, "home2/file", "scratch/file", "file"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(name)
    (directory / "link").symlink_to(tmp_path)
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setenv("HOME", str(directory / "home"))
    monkeypatch.setenv("MODELBUNDLE_CLEAR_TMP", "1")
    return directory


def test_home_is_kept_with_all_below_it(temporary: Path, tmp_path: Path) -> None:
    clear_scratch()
    assert [path.name for path in temporary.iterdir()] == ["home"]
    assert (temporary / CACHED).read_text() == CACHED
    assert tmp_path.is_dir(), "what a link points to is not touched"


def test_elsewhere_nothing_is_cleared(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELBUNDLE_CLEAR_TMP")
    clear_scratch()
    assert len(list(temporary.iterdir())) == 5


def test_the_first_start_has_its_home(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(temporary / "first"))
    clear_scratch()
    assert [path.name for path in temporary.iterdir()] == ["first"]
    assert (temporary / "first").is_dir()


def test_a_home_deeper_below_is_kept_too(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(temporary / "home/.cache"))
    clear_scratch()
    assert (temporary / CACHED).exists()


@pytest.mark.parametrize("end", ["", "/"])
def test_a_template_of_an_older_operator_has_the_directory_itself_as_home(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("HOME", f"{temporary}{end}")
    clear_scratch()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("put", [Path.touch, lambda path: path.symlink_to("/etc")])
def test_what_user_code_put_in_its_place_is_replaced(temporary: Path, monkeypatch: pytest.MonkeyPatch, put) -> None:
    monkeypatch.setenv("HOME", str(temporary / "other"))
    put(temporary / "other")
    clear_scratch()
    assert (temporary / "other").is_dir()
    assert not (temporary / "other").is_symlink()
