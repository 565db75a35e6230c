"""The workflow that publishes: its commands exist, what it must be told is on the page, and it may do little."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from tools.release.engine import ROOT

FILE = ROOT / ".github" / "workflows" / "publish.yml"
TEXT = FILE.read_text()
JOBS = yaml.safe_load(TEXT)["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
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


def test_artifact_hubs_file_has_the_line_that_is_filled_in() -> None:
    text = (ROOT / "artifacthub-repo.yml").read_text()
    assert len(re.findall(r"^repositoryID: ", text, re.MULTILINE)) == 1
    assert yaml.safe_load(text) == {"repositoryID": "", "owners": []}
