"""Deployments as an operator made them before there were Jobs, layers and warm-ups: nothing of them changes, so what
serves at the upgrade goes on unrestarted."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import desired
from modelbundle_operator.settings import Settings

from tests.operator.render.test_desired import OTHER_OPERATOR

OLDER: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden/older.json").read_text())


@pytest.mark.parametrize("settings", [Settings(), OTHER_OPERATOR], ids=["as before", "other settings"])
@pytest.mark.parametrize("older", OLDER, ids=[each["name"] for each in OLDER])
def test_it_stays_as_it_is(older: dict[str, Any], settings: Settings) -> None:
    bundle, live = parse(older["bundle"]), older["deployment"]
    assert desired(bundle, resolve(bundle), settings, copy.deepcopy(live)).deployment == live


@pytest.mark.parametrize("older", OLDER, ids=[each["name"] for each in OLDER])
def test_the_authors_own_word_brings_what_is_rendered_now(older: dict[str, Any]) -> None:
    body = copy.deepcopy(older["bundle"])
    body["spec"].setdefault("serving", {})["rollout"] = {"token": "now"}
    bundle = parse(body)
    template = desired(bundle, resolve(bundle), Settings(), older["deployment"]).deployment["spec"]["template"]
    assert template != older["deployment"]["spec"]["template"]
