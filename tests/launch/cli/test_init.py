"""`modelbundle init`: what it makes serves, checks and passes its test as it stands."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.launch.cli.test_serve import ask


@pytest.fixture
def project(modelbundle_here, tmp_path) -> tuple[Path, str]:
    """A folder that was made, and what the command printed."""
    folder = tmp_path / "sentiment"
    done = modelbundle_here("init", folder)
    assert (done.code, done.err) == (0, "")
    return folder, done.out


def printed(out: str, start: str) -> list[str]:
    (line,) = [text for text in out.splitlines() if text.strip().startswith(start)]
    return shlex.split(line, comments=True)


def test_its_test_passes_by_the_command_that_is_printed(project):
    words = printed(project[1], "python ")
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr


def test_its_bundle_is_one_that_a_cluster_takes(project, modelbundle_here):
    done = modelbundle_here(*printed(project[1], "modelbundle check")[1:])
    assert (done.code, ": ok, sha256:" in done.out) == (0, True), done.out
    bundle = yaml.safe_load((project[0] / "modelbundle.yaml").read_text())["spec"]["bundle"]
    assert bundle["requestSchema"]["required"] == ["features"]


def test_what_is_served_is_the_bundle_of_its_file(project, modelbundle_here, serve):
    serving = serve(*printed(project[1], "modelbundle serve")[2:])
    serving.wait_for_url()
    assert ask(serving.url, features=[2, 1, 3], bias=1) == 1.0
    digest = modelbundle_here("digest", project[0] / "modelbundle.yaml").out.strip()
    assert any(line.startswith("ready in") and digest in line for line in serving.lines)
    assert any(line.startswith("on a cluster: modelbundle create sentiment ") for line in serving.lines)


def test_the_command_in_its_file_writes_the_file_again(project, modelbundle):
    text = (project[0] / "modelbundle.yaml").read_text()
    words = shlex.split(next(line for line in text.splitlines() if line.startswith("#   modelbundle")).lstrip("# "))
    words.remove("--upload")
    made = modelbundle(*words[1 : words.index(">")]).out
    assert yaml.safe_load(made) == yaml.safe_load(text)


@pytest.mark.parametrize("name", ["model.py", "notes.txt"])
def test_nothing_is_overwritten(modelbundle_here, tmp_path, name):
    (tmp_path / name).write_text("mine")
    done = modelbundle_here("init", tmp_path)
    assert (done.code, "nothing was written" in done.err) == (1, True)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {name: "mine"}


def test_a_folder_of_hidden_files_counts_as_empty(modelbundle_here, tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert modelbundle_here("init", ".").code == 0
    assert (tmp_path / "test_model.py").is_file()


def test_a_place_that_is_no_folder_is_one_message(modelbundle_here, tmp_path):
    (tmp_path / "file").write_text("")
    done = modelbundle_here("init", tmp_path / "file")
    assert (done.code, done.err.startswith(f"Error: {tmp_path / 'file'} cannot be made a folder")) == (1, True)


def test_two_files_with_predict_are_not_chosen_between(modelbundle, project):
    (project[0] / "other.py").write_text("def predict(x):\n    return x\n")
    done = modelbundle("serve", project[0])
    assert (done.code, "or one module that defines predict" in done.err) == (1, True), done.err
