"""Argo CD's health checks for bundles and endpoints, over objects captured from real runs of every phase.

Here in Lua 5.1 with the open libraries closed, as Argo CD runs a check from its settings; test_argocd.py asks Argo CD.
"""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from tests.conftest import ROOT
from tests.docs.pages import DOCS
from tests.gitops.health_data import ARGOCD, CHECKS, PHASES, PROGRESSING, Phase, body, expected
from tests.gitops.lua import health
from tests.gitops.made_files import made_files

KINDS = sorted({phase.kind for phase in PHASES})


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: f"{phase.kind}-{phase.name}")
def test_every_phase_has_the_right_health(phase: Phase) -> None:
    found = health(CHECKS / phase.kind / "health.lua", body(phase))
    assert found["status"] == phase.status
    assert found == expected(phase.kind)[phase.input]


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: f"{phase.kind}-{phase.name}")
def test_the_message_is_in_the_words_of_the_conditions(phase: Phase) -> None:
    """Once the operator has judged the object as it is, it has the words."""
    found = body(phase)
    status = found.get("status", {})
    if "deletionTimestamp" in found["metadata"] or status.get("observedGeneration") != found["metadata"]["generation"]:
        assert phase.status == PROGRESSING
        return
    message = health(CHECKS / phase.kind / "health.lua", found)["message"]
    assert any(
        message.startswith((said["message"], f"{said['reason']}: {said['message']}")) for said in status["conditions"]
    )


def test_no_object_is_healthy_before_the_operator_has_judged_it() -> None:
    """Whatever an older status says: it was said of another generation."""
    for phase in PHASES:
        found = body(phase)
        found["metadata"]["generation"] += 1
        assert health(CHECKS / phase.kind / "health.lua", found)["status"] == PROGRESSING
        assert health(CHECKS / phase.kind / "health.lua", {**found, "status": None})["status"] == PROGRESSING


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_tested_twice_and_nothing_left_out(kind: str) -> None:
    files = {f"testdata/{file.name}" for file in (CHECKS / kind / "testdata").iterdir()}
    assert files == {phase.input for phase in PHASES if phase.kind == kind} == set(expected(kind))


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: f"{phase.kind}-{phase.name}")
def test_each_file_names_the_test_that_captured_it(phase: Phase) -> None:
    first = phase.file.read_text().splitlines()[0]
    named = re.fullmatch(r"# captured by (tests/\S+\.py)::(\w+)(\[.+\])?", first)
    assert named, first
    functions = ast.walk(ast.parse((ROOT / named[1]).read_text()))
    assert named[2] in {node.name for node in functions if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "text"), made_files().items(), ids=lambda value: getattr(value, "name", ""))
def test_made_files_are_what_make_docs_writes(file: object, text: str) -> None:
    assert file.read_text() == text, "run python -m tests.docs.pages"  # type: ignore[attr-defined]


def test_the_settings_hold_the_checks_as_they_are() -> None:
    settings = yaml.safe_load((ARGOCD / "argocd-cm.yaml").read_text())["data"]
    scripts = {
        f"resource.customizations.health.{script.parent.parent.name}_{script.parent.name}": script.read_text()
        for script in (ARGOCD / "resource_customizations").glob("*/*/health.lua")
    }
    assert settings == scripts
    assert len(settings) == 3


def test_the_page_tells_every_phase() -> None:
    page = (DOCS / "how-to/gitops.md").read_text()
    for phase in PHASES:
        assert f"| {phase.kind} | {phase.title} | {phase.status} |" in page
