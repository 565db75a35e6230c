"""What ran first is kept, and what runs later is compared with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.api.status_fields import StatusFields
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.checks import first
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.evidence import first_run, gather
from modelbundle_operator.judge.observation import Observation, that_count
from modelbundle_operator.judge.reproducibility import REPRODUCIBLE
from modelbundle_operator.judge.status import summarise
from modelbundle_operator.reconcile.events import changes

from tools.testkit.cluster_objects import (
    DIGEST,
    IMAGE,
    START,
    completed,
    ended,
    model_bundle,
    pod,
    running,
    serving_pod,
)

Body = dict[str, Any]
FIRST, OTHER = f"{IMAGE}@sha256:{'cd' * 32}", f"{IMAGE}@sha256:{'ef' * 32}"
MIRRORED = f"mirror.local/{IMAGE}@sha256:{'cd' * 32}"
LISTED, RELISTED = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def serving(name: str = "llama-1", image: str = FIRST, listed: str = "", **more: Any) -> Body:
    install: dict[str, Any] = {
        "install": completed(json.dumps({"reason": "Completed", "requirementsDigest": listed, "count": 3}))
    }
    worker = {**running(7, ready=True), "imageID": image}
    return serving_pod(name, worker=worker, **(install if listed else {}), **more)


def seen(*pods: Body, status: StatusFields | None = None, replicas: int = 1) -> Observation:
    body = {**model_bundle(serving={"replicas": replicas}), "status": status or {}}
    return Observation(
        bundle=parse(body), has_requirements=bool(pods), now=START, pods=that_count(map(observe_pod, pods), DIGEST)
    )


def reproducible(observation: Observation) -> Verdict:
    return first(REPRODUCIBLE, gather(observation))


def said(observation: Observation) -> tuple[str, str]:
    verdict = reproducible(observation)
    return verdict.status, verdict.reason


KEPT: StatusFields = {"imageID": FIRST, "requirements": {"digest": LISTED, "count": 3}}


@pytest.mark.parametrize(
    ("why", "observation", "expected"),
    [
        ("no pod yet", seen(), ("Unknown", "Progressing")),
        ("stored", seen(replicas=0, status=KEPT), ("Unknown", "Stored")),
        ("the first pod is the record", seen(serving()), ("True", "Unchanged")),
        ("the same again", seen(serving(listed=LISTED), status=KEPT), ("True", "Unchanged")),
        ("a mirror serves the same image", seen(serving(image=MIRRORED), status=KEPT), ("True", "Unchanged")),
        ("the tag was moved", seen(serving(image=OTHER), status=KEPT), ("False", "ImageMoved")),
        (
            "said while it still loads, beside one that answers",
            seen(serving(), pod("llama-2", worker={**running(7), "imageID": OTHER}), status=KEPT),
            ("False", "ImageMoved"),
        ),
        ("the index was moved", seen(serving(listed=RELISTED), status=KEPT), ("False", "RequirementsMoved")),
        ("install failed: nothing to compare", seen(serving(), pod("b", install=ended(1)), status=KEPT),
         ("True", "Unchanged")),
        ("two pods of one start that differ", seen(serving(), serving("llama-2", OTHER, ready_at=60)),
         ("False", "ImageMoved")),
    ],
)  # fmt: skip
def test_what_runs_is_compared_with_what_ran_first(
    why: str, observation: Observation, expected: tuple[str, str]
) -> None:
    assert said(observation) == expected, why


def test_the_message_says_what_moved_and_how_to_pin_it() -> None:
    message = reproducible(seen(serving(image=OTHER), status=KEPT)).message
    assert OTHER in message
    assert f"@sha256:{'cd' * 32} in envParams" in message


def test_the_id_of_an_image_that_no_registry_knows_is_not_offered_as_a_pin() -> None:
    loaded = f"sha256:{'cd' * 32}"
    message = reproducible(seen(serving(image=f"sha256:{'ef' * 32}"), status={"imageID": loaded})).message
    assert loaded in message
    assert "push it to a registry" in message
    assert f"@{loaded}" not in message


def test_the_record_stays_when_another_image_answers_after_a_pause() -> None:
    first = summarise({}, 1, "llama", judge(seen(serving(listed=LISTED))), START, seen(serving(listed=LISTED)))
    assert {name: value for name, value in first.items() if name in KEPT} == KEPT
    none = summarise(first, 1, "llama", judge(seen(status=first)), START, seen(status=first))
    later = seen(serving(image=OTHER, listed=RELISTED), status=none)
    after = summarise(none, 1, "llama", judge(later), START, later)
    assert {name: value for name, value in after.items() if name in KEPT} == KEPT
    assert ("Warning", "ImageMoved") in [(kind, reason) for kind, reason, _ in changes(none, after)]
    assert changes(after, after) == []


FILES = "sha256:" + "3" * 64


def recorded(listed: str, status: StatusFields) -> Body:
    """status.requirements once a pod answers whose install says which files it has installed."""
    said = {"requirementsDigest": listed, "count": 3, "files": FILES, "fromSource": ["docopt==0.6.2"]}
    install = completed(json.dumps({"reason": "Completed", **said}))
    found = seen(serving_pod(install=install), status=status)
    written: Body = dict(summarise(status, 1, "llama", judge(found), START, found)["requirements"])
    return written


def test_the_files_that_ran_first_are_on_record() -> None:
    whole = {"digest": LISTED, "count": 3, "files": FILES, "fromSource": ["docopt==0.6.2"]}
    assert recorded(LISTED, {}) == whole
    assert recorded(LISTED, KEPT) == whole, "a record from before they were told is completed by the same list"
    assert recorded(RELISTED, KEPT) == KEPT["requirements"]
    other: StatusFields = {**KEPT, "requirements": {"digest": LISTED, "count": 3, "files": "sha256:" + "4" * 64}}
    assert recorded(LISTED, other) == other["requirements"]


def test_hostile_reports_are_no_record() -> None:
    install: dict[str, Any] = {
        "install": completed(json.dumps({"reason": "Completed", "requirementsDigest": ["x"], "count": -1}))
    }
    run = first_run(seen(serving_pod(**install)))
    assert (run.requirements, run.count) == ("", None)
