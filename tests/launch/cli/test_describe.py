"""`modelbundle describe`: with what the worker says of its load, for those who may ask it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from launch.cli.commands import cli
from tests.launch.world import World
from tools.testkit.model_bundles import model_bundle
from tools.testkit.stand_in_api import BUNDLES

ABOUT = "/api/v1/namespaces/models/services/http:sentiment-v1:http/proxy/"
STARTUP = {"scheduled": 1, "images": 3, "prepare": 3, "load": 13, "ready": 20}


def described(world: World, about: tuple[int, Any], *words: str) -> Any:
    status = {"observedGeneration": 1, "readyReplicas": 1, "startup": STARTUP}
    metadata = {"name": "sentiment-v1", "namespace": "models", "generation": 1}
    world.api.objects[f"{BUNDLES}/sentiment-v1"] = {**model_bundle("x"), "metadata": metadata, "status": status}
    usual = world.api.answer

    def answer(method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        if path == ABOUT:
            return about
        if path.endswith(("/pods", "/events")):
            return 200, {"items": []}
        return usual(method, path, query, body)

    world.api.answer = answer  # type: ignore[method-assign]
    result = CliRunner().invoke(cli, ["describe", "sentiment-v1", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_says_how_the_load_splits(world: World) -> None:
    text = described(world, (200, {"loadSeconds": {"import": 4.25, "load_model_fn": 8.0}}))
    assert "(import 4.25 s, load_model_fn 8.00 s)" in text


@pytest.mark.parametrize("about", [(403, {"message": "no"}), (200, ["x"]), (200, {"loadSeconds": 7}), (503, {})])
def test_without_an_answer_it_says_the_rest(world: World, about: tuple[int, Any]) -> None:
    startup = json.loads(described(world, about, "-o", "json"))["startup"]
    assert startup["parts"][-1] == {
        "name": "load", "seconds": 13, "says": "the worker started, imported and loaded the bundle", "details": {},
    }  # fmt: skip
