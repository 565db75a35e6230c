"""The page of a campaign: every run counts once, and what differs is named."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tools.faults.generated import Judged
from tools.faults.page import counted, page
from tools.faults.trial import Result


def result(scenario: str, kind: str, *problems: str, struck: bool = True) -> Result:
    return Result(scenario, kind, "write 1", struck, seconds=2.0, writes=3, problems=list(problems))


def made(*results: Result, generated: Judged) -> str:
    facts: dict[str, Any] = {"seconds": 9.0, "loadBefore": 0.5, "versions": {"kubernetes": "v1"}, "places": 2}
    return page(json.loads(json.dumps({**facts, **counted(results, generated)})))


def test_runs_are_counted_by_scenario_and_kind() -> None:
    text = made(
        *(result("clone", "killed"), result("clone", "killed", "services/one: expected | 1, found 2", "more")),
        *(result("clone", "410", struck=False), result("child edited", "killed")),
        generated=Judged(),
    )
    assert "| scenario | killed | 410 | slowest |" in text
    assert "| clone | 1 of 2 | 1 of 1 | 2 s |" in text
    assert "| child edited | 1 of 1 |  | 2 s |" in text
    assert "| all | 2 of 3 | 1 of 1 |  |" in text
    assert "3 of 4 runs ended as the undisturbed one did. In 1 the place of the fault did not come up." in text
    assert "- clone, killed, write 1: services/one: expected \\| 1, found 2\n" in text


def test_generated_bundles_alone_have_a_page_too() -> None:
    judged = Judged(3, Counter(Stored=2, TooLarge=1), ["seed 0, namespace 0, a-1: digest: expected 1, found 2"])
    text = made(generated=judged)
    assert "2 of 3 bundles are what the oracle expects.\nExpected: 2 Stored, 1 TooLarge." in text
    assert text.endswith("- seed 0, namespace 0, a-1: digest: expected 1, found 2\n")
