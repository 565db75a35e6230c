"""What one look decides: the next step, and what is known of check and layer from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from modelbundle_operator.api.status import Layer
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.decision import decide
from modelbundle_operator.judge.jobs import Job
from modelbundle_operator.judge.observation import Observation
from modelbundle_operator.judge.precheck import UNPLACED_SECONDS, Step

from tests.operator.judge.test_conditions import seen
from tests.operator.judge.test_precheck import JOB, UNPLACED, alone, failed, making, tried
from tools.testkit.cluster_objects import at, completed, layer, pod, precheck_pod, reported

Body = dict[str, Any]
ARTIFACT = "s3://models/llama/bundle.zip"
INPUTS = "sha256:" + "2" * 64
MAKES = replace(JOB, layer=INPUTS)
STORED: Body = {"prepare": completed(), "install": completed(), "store": reported(layer=layer())}
THERE = Layer(inputs=INPUTS, time=at(5), **layer())
ELSEWHERE = Layer(inputs=INPUTS, time=at(2), **layer("12" * 32))
NONE = Layer(inputs=INPUTS, time=at(2), message="no")


def wanting(observed: Observation, known: Layer | None = None, checked: str = "") -> Observation:
    """The same where the bundle's layer has these inputs."""
    assert observed.precheck is not None
    precheck = replace(observed.precheck, layer=INPUTS)
    return replace(observed, precheck=precheck, layer=known, checked=checked)


def passed(job: Job = MAKES, known: Layer | None = None, **store: Body) -> Observation:
    return wanting(making({**STORED, **store}, job=job), known)


def test_what_has_passed_is_known_from_then_on() -> None:
    decided = decide(passed(), False, ARTIFACT)
    assert (decided.step, decided.precheck) == (Step.START, None)
    assert (decided.checked, decided.check_seconds) == ("sha256:1", 5)
    assert decided.layer == decided.built == THERE


# why, what is seen, the layer from then on
LAYERS = [
    ("it is the first", passed(), THERE),
    ("none could be made before", passed(known=NONE), THERE),
    ("another bundle's is there", passed(known=ELSEWHERE), ELSEWHERE),
    ("another bundle's is there, and this one could not be made",
     passed(known=ELSEWHERE, store=reported(9, noLayer="no")), ELSEWHERE),
    ("it could not be made", passed(store=reported(2, noLayer="no")), NONE),
    ("the Job is of other settings, as of another index", passed(replace(MAKES, layer="sha256:1")), None),
    ("the Job was made by a version without layers", passed(JOB), None),
]  # fmt: skip


@pytest.mark.parametrize(("why", "observed", "known"), LAYERS, ids=[row[0] for row in LAYERS])
def test_which_layer_counts(why: str, observed: Observation, known: Layer | None) -> None:
    decided = decide(observed, False, ARTIFACT)
    assert decided.step is Step.START
    assert decided.layer == known, why


def test_what_is_given_up_leaves_what_was_known() -> None:
    decided = decide(wanting(alone(failed("install", "IndexUnreachable")), NONE, "sha256:1"), False, ARTIFACT)
    assert (decided.step, decided.precheck, decided.retry) == (Step.START, None, None)
    assert (decided.checked, decided.layer, decided.built) == ("sha256:1", NONE, None)


def test_that_no_node_took_the_job_of_a_layer_is_known_so_that_no_other_bundle_waits_for_it() -> None:
    decided = decide(wanting(alone(UNPLACED, now=UNPLACED_SECONDS)), False, ARTIFACT)
    assert decided.step is Step.START
    assert decided.layer is not None
    assert decided.layer == decided.built
    assert (decided.layer.uri, decided.layer.sha256, decided.layer.time) == (None, None, at(UNPLACED_SECONDS))
    assert "had no node after 120 s; the scheduler says: 0/2 nodes are" in str(decided.layer.message)
    assert decide(wanting(tried(UNPLACED, now=UNPLACED_SECONDS)), False, ARTIFACT).built is None, (
        "a GPU's Job tries more"
    )


def test_what_waits_is_not_decided() -> None:
    waits = wanting(tried({"prepare": completed()}), NONE)
    decided = decide(waits, False, ARTIFACT)
    assert (decided.step, decided.precheck, decided.layer) == (Step.WAIT, waits.precheck, NONE)


def test_a_pod_that_does_not_find_the_layer_is_heard_and_one_of_a_stored_bundle_is_not() -> None:
    said = pod(prepare=reported(50, layerFailed={"why": "NotFound", "message": "404"}))
    serving, stored = (replace(seen(said, replicas=number), layer=THERE) for number in (1, 0))
    found = decide(serving, True, ARTIFACT).layer
    assert found is not None
    assert (found.uri, found.sha256) == (None, THERE.sha256)
    assert decide(stored, True, ARTIFACT).layer == THERE


def test_the_jobs_own_prepare_is_heard_too() -> None:
    said = {"prepare": reported(50, layerFailed={"why": "Broken", "message": "a link"})}
    tried_pod = observe_pod(precheck_pod("p", "j", **said))
    found = decide(wanting(replace(tried(), pods=(tried_pod,)), THERE), False, ARTIFACT).layer
    assert found is not None
    assert found.uri is None
