"""The workflow that publishes: its commands exist, what it must be told is on the page, and it may do little."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tools.release.engine import ROOT

FILE = ROOT / ".github" / "workflows" / "publish.yml"
TEXT = FILE.read_text()
JOBS = yaml.safe_load(TEXT)["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
# says what it was given: a line of JSON
STAND_IN = """#!/usr/bin/env python3
import json, pathlib, sys
words = [pathlib.Path(sys.argv[0]).name, sys.argv[1:], "" if sys.argv[1] == "push" else sys.stdin.read()]
with open("{log}", "a") as log:
    log.write(json.dumps(dict(zip(("program", "words", "stdin"), words))) + "\\n")
"""
PAGE = (ROOT / "docs" / "how-to" / "release.md").read_text()


def test_actions_are_named_by_their_commits() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)] == []


def test_what_has_to_be_set_is_on_the_page() -> None:
    named = set(re.findall(r"\b(?:vars|secrets)\.(\w+)", TEXT)) | {
        f"`{job['environment']}`" for job in JOBS.values() if "environment" in job
    }
    assert {"PYTHON_IMAGE", "REGISTRY", "CHARTS", "REGISTRY_USER", "REGISTRY_PASSWORD"} <= named
    assert [name for name in sorted(named) if name not in PAGE] == []


def test_only_the_wheel_has_a_token_of_its_own() -> None:
    assert yaml.safe_load(TEXT)["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job} == {
        "wheel": {"id-token": "write"}
    }


def test_no_expression_is_put_into_a_script() -> None:
    """What a tag or a variable holds would be run; by the environment it is a text."""
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


def test_no_registry_or_account_is_named() -> None:
    assert re.findall(r"\b[\w-]+\.(?:io|com|dev)/", TEXT.replace("artifacthub.io", "")) == []


@pytest.mark.parametrize("step", [step["run"] for step in STEPS if "run" in step])
def test_scripts_are_valid_and_their_targets_exist(step: str) -> None:
    subprocess.run(["bash", "-n"], input=step, text=True, check=True)
    for target in re.findall(r"^make (?:-s )?([a-z-]+)", step, re.MULTILINE):
        subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=True)
    for module in re.findall(r"python3 -m (\S+)", step):
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file()


@pytest.fixture
def ran(tmp_path: Path) -> Callable[[str, dict[str, str]], list[dict[str, object]]]:
    """Runs a step as the runner does, beside stand-ins of the programs that would reach a network: what each got."""
    programs, log = tmp_path / "programs", tmp_path / "log"
    (tmp_path / "go/bin").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / "artifacthub-repo.yml", tmp_path)
    for program in ("programs/docker", "programs/helm", "go/bin/oras"):
        (tmp_path / program).write_text(STAND_IN.format(log=log))
        (tmp_path / program).chmod(0o755)
    (programs / "go").write_text(f'#!/bin/sh\n[ "$1" = env ] && echo {tmp_path}/go\nexit 0\n')
    (programs / "go").chmod(0o755)

    def run(step: str, environment: dict[str, str]) -> list[dict[str, object]]:
        path = f"{programs}:{os.environ['PATH']}"
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step]
        subprocess.run(command, cwd=tmp_path, env={**environment, "PATH": path}, check=True, timeout=60)
        return [json.loads(line) for line in log.read_text().splitlines()]

    return run


def test_passwords_reach_the_registries_by_standard_input_alone(ran) -> None:
    given = {"REGISTRY_USER": "robot", "REGISTRY_PASSWORD": "p $(x) w", "REGISTRY": "r.example.com/a/b"}
    calls = ran(_step("Log in"), {**given, "CHARTS": "c.example.com/charts"})
    login = ["login", "--username", "robot", "--password-stdin"]
    assert [(call["program"], call["words"], call["stdin"]) for call in calls] == [
        ("docker", [*login, "r.example.com"], "p $(x) w\n"),
        ("helm", ["registry", *login, "c.example.com"], "p $(x) w\n"),
    ]


def test_artifact_hubs_file_is_pushed_beside_the_chart_with_its_id(ran, tmp_path: Path) -> None:
    (call,) = ran(
        _step("Artifact Hub's metadata, beside the chart"),
        {"ARTIFACTHUB_REPOSITORY_ID": "8c1e-7", "CHARTS": "c.example.com/charts"},
    )
    assert call["program"] == "oras"
    assert call["words"][:2] == ["push", "c.example.com/charts/model-bundles:artifacthub.io"]
    assert call["words"][-1].startswith("artifacthub-repo.yml:application/vnd.cncf.artifacthub.repository-metadata.")
    assert yaml.safe_load((tmp_path / "artifacthub-repo.yml").read_text())["repositoryID"] == "8c1e-7"


def _step(name: str) -> str:
    (found,) = [str(step["run"]) for step in STEPS if step.get("name") == name]
    return found


def test_artifact_hubs_file_has_the_line_that_is_filled_in() -> None:
    text = (ROOT / "artifacthub-repo.yml").read_text()
    assert len(re.findall(r"^repositoryID: ", text, re.MULTILINE)) == 1
    assert yaml.safe_load(text) == {"repositoryID": "", "owners": []}
