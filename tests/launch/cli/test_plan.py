"""`modelbundle plan`: asked of an API server with the caller's rights, and nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from launch.bundle.manifest import dump
from launch.cli.commands import cli
from tests.launch.families import clone, root
from tests.launch.plan.world import STARTUP, node, placed, with_status
from tests.launch.world import World
from tools.testkit.model_bundles import ARTIFACT, model_bundle
from tools.testkit.stand_in_api import BUNDLES

NO_RIGHT = 'modelbundles is forbidden: User "jane" cannot create resource "modelbundles"'
FORBIDDEN = (403, {"kind": "Status", "code": 403, "message": NO_RIGHT})
CLAIM = {**ARTIFACT, "uri": "pvc://weights/sentiment.pkl"}


def manifest(name: str = "sentiment-v3", serving: Any = None, **fields: Any) -> dict[str, Any]:
    made = model_bundle(name, serving=serving, **{"artifact": CLAIM, **fields})
    return {**made, "metadata": {"name": name}}


def answering(world: World, **changes: tuple[int, Any]) -> None:
    """The stand-in answers what a plan asks beside bundles; `changes` are answers by the last word of the path, or by
    the method."""
    answers = {
        "nodes": (200, {"items": [node("n1", gpus="2")]}),
        "pods": (200, {"items": []}),
        "deployments": (200, {"items": []}),
        "resourcequotas": (200, {"items": []}),
        **changes,
    }
    usual = world.api.answer

    def answer(method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        given = answers.get(path.rpartition("/")[2]) or answers.get(method)
        return given or usual(method, path, query, body)

    world.api.answer = answer  # type: ignore[method-assign]


@pytest.fixture
def plan(world: World, tmp_path: Path) -> Callable[..., Result]:
    def run(asked: Any, *words: str) -> Result:
        if isinstance(asked, dict):
            file = tmp_path / "bundle.yaml"
            file.write_text(dump(asked))
            asked = str(file)
        return CliRunner().invoke(cli, ["plan", asked, *words], catch_exceptions=False)

    return run


def lines(result: Result) -> dict[str, dict[str, Any]]:
    return {line["about"]: line for line in json.loads(result.stdout)["lines"]}


def test_a_bundle_that_fits(world: World, plan: Callable[..., Result]) -> None:
    answering(world)
    result = plan(manifest())
    assert result.exit_code == 0
    rows = result.stdout.splitlines()
    assert rows[0] == "sentiment-v3 in namespace models"
    assert [row.split()[:2] for row in rows[1:]] == [
        ["ABOUT", "ANSWER"], ["asked", "yes"], ["artifact", "unknown"], ["image", "yes"], ["requirements", "yes"],
        ["precheck", "yes"], ["quota", "yes"], ["node", "yes"], ["roll-out", "yes"], ["start", "yes"],
    ]  # fmt: skip
    assert "not looked at: only a pod reaches a claim" in rows[3]
    assert world.left() == []


def test_for_programs(world: World, plan: Callable[..., Result]) -> None:
    answering(world, nodes=(200, {"items": [node("n1", gpus="0")]}))
    result = plan(manifest(), "-o", "json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["fits"], found["name"], found["namespace"]) == (1, False, "sentiment-v3", "models")
    assert found["digest"].startswith("sha256:")
    assert lines(result)["node"]["answer"] == "no"
    assert "no nvidia.com/gpu" not in plan(manifest(serving={"gpu": {"count": 0}})).stdout


@pytest.mark.parametrize(
    ("refusal", "answer", "says", "code"),
    [
        ((422, "spec.bundle: Invalid value"), "no", "refused: ", 1),
        ((403, 'modelbundles "x" is forbidden: exceeded quota: few'), "no", "exceeded quota: few", 1),
        ((500, "failed calling webhook"), "no", "failed calling webhook", 1),
        ((403, NO_RIGHT), "unknown", "not looked at: you may not write modelbundles in namespace models", 0),
    ],
)
def test_what_the_api_server_says_is_said(
    world: World, plan: Callable[..., Result], refusal: tuple[int, str], answer: str, says: str, code: int
) -> None:
    status, message = refusal
    answering(world, POST=(status, {"kind": "Status", "code": status, "message": message}))
    result = plan(manifest(), "-o", "json")
    assert result.exit_code == code
    assert lines(result)["asked"]["answer"] == answer
    assert says in lines(result)["asked"]["says"]
    assert lines(result)["node"]["answer"] == "yes", "the rest is said all the same"


def test_what_would_be_refused_here_asks_for_nothing_more(world: World, plan: Callable[..., Result]) -> None:
    result = plan(manifest(requirements=["-r x"]), "-o", "json")
    assert result.exit_code == 1
    assert "requirements" in lines(result)["asked"]["says"]
    assert lines(result)["node"]["says"] == "not looked at: what the bundle runs is not known"
    assert world.api.asked == []
    assert plan(manifest("Sentiment_v3")).exit_code == 1


def test_a_clone_whose_base_is_not_there(world: World, plan: Callable[..., Result]) -> None:
    answering(world)
    made = manifest()
    made["spec"]["bundle"] = {"cloneFrom": {"name": "none"}}
    result = plan(made, "-o", "json")
    assert result.exit_code == 1
    assert lines(result)["asked"]["says"].startswith("its base is not there")


def test_a_bundle_that_is_there_says_what_would_change(world: World, plan: Callable[..., Result]) -> None:
    answering(world)
    there = manifest(serving={"replicas": 1})
    world.api.objects[f"{BUNDLES}/sentiment-v3"] = there
    same = lines(plan(there, "-o", "json"))["asked"]
    assert same["says"].endswith("the bundle is there, and nothing would change")
    more = lines(plan(manifest(serving={"replicas": 3}), "-o", "json"))["asked"]
    assert more["says"].endswith("of spec.serving would change: replicas")
    assert world.api.objects[f"{BUNDLES}/sentiment-v3"] == there


def test_a_caller_who_may_read_little(world: World, plan: Callable[..., Result]) -> None:
    names = ("nodes", "pods", "deployments", "modelbundles", "resourcequotas", "sentiment-v3")
    answering(world, **dict.fromkeys(names, FORBIDDEN))
    result = plan(manifest(), "-o", "json")
    assert result.exit_code == 0
    unknown = {name for name, line in lines(result).items() if line["answer"] == "unknown"}
    assert unknown == {"asked", "artifact", "image", "precheck", "quota", "node", "roll-out", "start"}
    assert "room for it was not looked at: you may not list nodes" in lines(result)["node"]["says"]


def test_a_name_is_a_bundle_of_the_cluster(world: World, plan: Callable[..., Result]) -> None:
    base = with_status(root("sentiment-v1"), startup=STARTUP)
    made = clone(base, "sentiment-v2", appConfig={"mode": "other"})
    made["spec"]["serving"] = {"replicas": 0, "gpu": {"count": 1}}
    for bundle in (base, made):
        world.api.objects[f"{BUNDLES}/{bundle['metadata']['name']}"] = bundle
    answering(world, pods=(200, {"items": [placed(), placed("p2")]}))
    result = plan("sentiment-v2", "-o", "json")
    found = lines(result)
    assert found["asked"]["says"] == "it is in the cluster; it asks for 0 replicas, what follows is of one"
    assert "as sentiment-v1 of its family" in found["start"]["says"]
    assert result.exit_code == 0, found
    assert plan("none").exit_code == 1


def test_wrong_words_are_wrong_usage(modelbundle: Callable[..., Any]) -> None:
    assert modelbundle("plan").code == 64
    assert modelbundle("plan", "sentiment", "-n", "Not_A_Namespace").code == 64


def test_a_namespace_in_the_file_is_meant_where_none_is_given(
    world: World, plan: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAUNCH_NAMESPACE")
    answering(world)
    made = manifest()
    made["metadata"]["namespace"] = "team-a"
    assert json.loads(plan(made, "-o", "json").stdout)["namespace"] == "team-a"
