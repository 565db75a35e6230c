"""`modelbundle serve` under a CPython that its server does not know: the answer is the next commands, which work."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest

from launch.cli.newer_python import needs_newer_python
from tests.launch.cli.conftest import Serving, environment, nothing_left_behind
from tests.launch.cli.test_serve import ask
from tools.testkit.environments import IN_EXAMPLES, python_with_client
from tools.testkit.page_blocks import ROOT

TYPED = "import sys\ndef predict(x: int) -> str:\n    return '%d.%d' % sys.version_info[:2] + 'a' * x\n"
LOADED = "def load_model_fn():\n    return 2\n\ndef load_predict_fn(model):\n    return lambda x: x * model\n"


def refused(python: Path, word: object, home: Path) -> list[str]:
    """The lines that name the next commands."""
    done = subprocess.run(
        [python, "-m", "launch.cli", "serve", str(word)],
        env=environment(HOME=str(home)), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    first, *commands = done.stderr.splitlines()
    assert first.startswith("Error: `modelbundle serve` needs CPython 3.11 or newer for its server, and this is 3.")
    return [line.strip().partition("    #")[0] for line in commands]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the first of the commands, which needs a package index, has made what it makes."""
    for directory, python in ((tmp_path / ".modelbundle/bin", sys.executable), (tmp_path / "bin", "")):
        directory.mkdir(parents=True)
        command(directory / "modelbundle", python)
    return tmp_path


def command(file: Path, python: str | Path) -> None:
    file.write_text(f'#!/bin/sh\nexec {python} -m launch.cli "$@"\n')
    file.chmod(0o755)


@pytest.mark.parametrize("series", ["3.8", *(pytest.param(series, marks=IN_EXAMPLES) for series in ("3.9", "3.10"))])
def test_the_commands_that_it_names_serve_the_function_under_its_own_python(home: Path, series: str) -> None:
    python = python_with_client(series)
    command(home / "bin" / "modelbundle", python)
    (home / "my_model.py").write_text(TYPED)
    install, render, serve = refused(python, home / "my_model.py", home)
    assert install.endswith(" -m venv ~/.modelbundle && ~/.modelbundle/bin/pip install 'model-bundles[client,runtime]'")
    around = environment(HOME=str(home), TMPDIR=str(home), PATH=f"{home}/bin:/usr/bin:/bin")
    done = subprocess.run(render, shell=True, cwd=home, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    serving = Serving(
        subprocess.Popen(f"exec {serve} --port 0", shell=True, cwd=home, env=around, stderr=subprocess.PIPE, text=True)
    )
    serving.wait_for_url()
    assert ask(serving.url, x=1) == f"{series}a"
    with pytest.raises(urllib.error.HTTPError, match="422"):
        ask(serving.url, x="a")  # its type hints are its schema
    assert serving.stop() == 0
    nothing_left_behind(home)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("my_model.py", "my_model my_model.py --predict-fn predict --type-hints"),
        ("my_model.py:other", "my_model my_model.py --predict-fn other --type-hints"),
        ("loaded.py", "loaded loaded.py --load-predict-fn load_predict_fn --load-model-fn load_model_fn"),
        (
            "folder",
            "folder folder --load-predict-fn MODULE.load_predict_fn --load-model-fn MODULE.load_model_fn",
        ),
        ("notebook.ipynb", "notebook notebook.ipynb --predict-fn predict --type-hints"),
        ("package.module:f", "module FILE.py --predict-fn f --type-hints"),
    ],
)
def test_the_command_names_the_functions_that_serve_would_choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_model.py").write_text(TYPED)
    Path("loaded.py").write_text(LOADED)
    Path("notebook.ipynb").write_text(json.dumps({"cells": []}))
    Path("folder").mkdir()
    assert f"  modelbundle render {says} --image python:3." in needs_newer_python(word).message


def test_a_bundles_file_is_served_by_the_newer_one_as_it_is() -> None:
    _, _, serve = needs_newer_python("my bundle.yaml").message.splitlines()
    assert serve == "  ~/.modelbundle/bin/modelbundle serve 'my bundle.yaml'"


def test_the_client_without_a_cluster_says_the_same_where_it_would_serve(tmp_path: Path) -> None:
    script = """
from launch import LaunchClient
image = {"framework_type": "custom_base_image", "ecr_repo": "python", "image_tag": "3.8-slim"}
made = LaunchClient(endpoint="local").create_model_bundle("m", image, predict_fn_or_cls=lambda x: x, requirements=[])
print(made.id)
made.deploy().wait(5)
"""
    around = environment(HOME=str(tmp_path), PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [python_with_client("3.8"), "-c", script], env=around, capture_output=True, text=True, check=False, timeout=60
    )
    says = (
        f"{done.stdout.strip()} is served on this machine by CPython 3.11 or newer, and this is 3.8: run the same code"
    )
    assert says in done.stderr.splitlines()[-1]
