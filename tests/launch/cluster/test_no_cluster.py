"""Without a cluster, what is asked of one ends in three lines: what happened, and the next command of either way."""

from __future__ import annotations

import subprocess
import sys

import pytest

from launch import LaunchClient
from launch.errors import APIError
from tools.testkit.page_blocks import ROOT


def test_the_client_says_what_there_is_with_and_without_one(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(APIError) as raised:
        LaunchClient(api_key=None).list_model_bundles()
    first, with_one, without = str(raised.value).splitlines()
    assert first.startswith("no Kubernetes to talk to: ")
    assert "KUBECONFIG" in with_one
    assert "modelbundle serve" in without


def test_a_script_shows_no_exceptions_of_the_library_below(tmp_path):
    script = "from launch import LaunchClient\nLaunchClient(api_key=None).list_model_bundles()\n"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr.count("Traceback") == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith("Without one: ")


def test_render_names_the_option_that_it_lacks(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from launch.cli.commands import cli

    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("LAUNCH_ARTIFACT_URI", raising=False)
    (tmp_path / "f.py").write_text("def predict(x):\n    return x\n")
    words = ["render", "m", str(tmp_path / "f.py"), "--predict-fn", "predict", "--image", "python:3.12"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1
    assert "give --artifact-uri s3://BUCKET/PREFIX (or a directory)" in done.output
