"""What `modelbundle serve` cannot serve ends in three lines: what happened, and the next commands, which work."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.launch.cli.conftest import Serving
from tests.launch.cli.test_serve import ask, failed
from tools.testkit.distributions import wheel
from tools.testkit.package_index import served_index

THIS = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def render(modelbundle_here, tmp_path):
    """Writes the bundle of a function, as `modelbundle render` does it; more words are options."""
    (tmp_path / "f.py").write_text("def predict(x):\n    return x * 2\n")

    def run(*options: str, **bundle: object) -> Path:
        words = ("--predict-fn", "predict", "--image", f"python:{THIS}-slim", "--artifact-uri", tmp_path / "store")
        done = modelbundle_here("render", "m", tmp_path / "f.py", *words, *options)
        assert done.code == 0, done.err
        manifest = yaml.safe_load(done.out)
        manifest["spec"]["bundle"].update(bundle)
        (tmp_path / "bundle.yaml").write_text(yaml.safe_dump(manifest))
        return tmp_path / "bundle.yaml"

    return run


def last_lines(serving: Serving, start: str) -> list[str]:
    lines = failed(serving).splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith(start)) :]


def test_an_artifact_that_was_never_uploaded_says_upload_or_serve_the_code(serve, render, tmp_path):
    said, with_it, without = last_lines(serve(render()), "Error: ArtifactNotFound: there is no file ")
    assert said.startswith(f"Error: ArtifactNotFound: there is no file {tmp_path}/store/")
    assert with_it.startswith("Where `modelbundle render` wrote the bundle, the same line with --upload puts")
    assert without.endswith("modelbundle serve FILE.py")
    uploaded = serve(render("--upload"))
    uploaded.wait_for_url()
    assert ask(uploaded.url, x=21) == 42
    code = serve(tmp_path / "f.py")
    code.wait_for_url()
    assert ask(code.url, x=21) == 42


def test_requirements_that_this_python_has_otherwise_are_served_by_one_without_them(serve, render, tmp_path):
    (tmp_path / "files").mkdir()
    wheel(tmp_path / "files", "scikit_learn", "0.1")
    with served_index(tmp_path) as index:
        bundle = render("--upload", requirements=["scikit-learn==0.1"])
        said, make, then = last_lines(serve(bundle, UV_DEFAULT_INDEX=index), "Error: RequirementsConflict: ")
        assert "requirements[0] is scikit-learn==0.1" in said
        start = "Here the image is a Python, and one without these packages is made by: "
        assert make.startswith(start)
        subprocess.run([*shlex.split(make.removeprefix(start)), "--without-pip"], cwd=tmp_path, check=True, timeout=100)
        _, command, *words = shlex.split(then.removeprefix("Then: "))
        assert command == "serve"
        words = [str(bundle) if word == "FILE" else word.replace("bare", f"{tmp_path}/bare") for word in words]
        serving = serve(*words, UV_DEFAULT_INDEX=index)
        serving.wait_for_url()
    assert ask(serving.url, x=21) == 42
