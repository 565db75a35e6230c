"""RequirementsReady says where the requirements are from: installed, out of a layer, and why not out of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from modelbundle_operator.api.names import ConditionType
from modelbundle_operator.api.status import Layer
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.observation import Observation

from tests.operator.judge.test_conditions import seen
from tools.testkit.cluster_objects import at, completed, ended, layer, pod, reported, running

Body = dict[str, Any]
DIGEST = layer()["digest"]
INPUTS = "sha256:" + "1" * 64
THERE = Layer(inputs=INPUTS, time=at(5), **layer())
NONE = Layer(inputs=INPUTS, time=at(5), message="the keys may not write")
BY_ITSELF = "install put what the image lacked in place."


def said(observed: Observation) -> Verdict:
    return next(each for each in judge(observed).conditions if each.type == ConditionType.REQUIREMENTS_READY)


def before(message: str) -> Body:
    met = {"type": "RequirementsReady", "status": "True", "reason": "Completed", "lastTransitionTime": at(1)}
    return {"conditions": [{**met, "message": message}]}


def bundle(*pods: Body, known: Layer | None = None, no_layer: str = "", status: Body | None = None) -> Observation:
    return replace(seen(*pods, replicas=2, requirements=True, status=status), layer=known, no_layer=no_layer)


def failed(why: str, message: str = "what happened") -> Body:
    return {"why": why, "message": message}


INSTALLED = pod(prepare=completed(), install=completed())
FROM_LAYER = pod("llama-2", created=9, prepare=completed(), install=reported(layer=DIGEST))
OLD_WORDS = "install has said something else in another version."

# why, what is seen, words of the message
ROWS = [
    ("nothing is known of layers", bundle(INSTALLED), BY_ITSELF),
    ("out of a layer", bundle(FROM_LAYER, known=THERE), f"The layer {DIGEST} has what the image lacked; install had"),
    ("the newest pod tells", bundle(INSTALLED, FROM_LAYER, known=THERE), f"The layer {DIGEST}"),
    ("in whatever order", bundle(FROM_LAYER, INSTALLED, known=THERE), f"The layer {DIGEST}"),
    ("one that is still to install tells nothing",
     bundle(INSTALLED, pod("llama-2", created=9, prepare=completed(), install=running(11))), BY_ITSELF),
    ("prepare did not find it", bundle(pod(prepare=reported(layerFailed=failed("NotFound")), install=completed())),
     "in place, as the layer was not used (NotFound): what happened."),
    ("other bytes lay there", bundle(pod(prepare=reported(layerFailed=failed("Mismatch")), install=completed())),
     "in place, as the layer was not used (Mismatch): what happened."),
    ("it could not be made", bundle(INSTALLED, known=NONE),
     "in place; each pod installs itself, as there is no layer: the keys may not write."),
    ("nor is there a pod any more", bundle(known=NONE, status=before(BY_ITSELF)), "no layer: the keys may not write."),
    ("there is no place for one", bundle(INSTALLED, no_layer="it would be kept"), "as there is no layer: it would be"),
    ("no pod tells now", bundle(status=before(OLD_WORDS), known=THERE), OLD_WORDS),
    ("a digest that is none", bundle(pod(install=reported(layer="sha256:<b>" + "c" * 64))), BY_ITSELF),
    ("a layer that is no text", bundle(pod(install=reported(layer={"digest": DIGEST}))), BY_ITSELF),
    ("a word of nobody's", bundle(pod(install=reported(layerFailed=failed("Boom")))), BY_ITSELF),
]  # fmt: skip


@pytest.mark.parametrize(("why", "observed", "words"), ROWS, ids=[row[0] for row in ROWS])
def test_where_the_requirements_are_from(why: str, observed: Observation, words: str) -> None:
    found = said(observed)
    assert (found.status, found.reason) == ("True", "Completed"), why
    assert words in found.message


OF_ANOTHER_IMAGE = pod("llama-2", created=9, prepare=completed(), install=reported(layerFailed=failed("Mismatch")))
UNFIT = {"type": "RequirementsReady", "status": "True", "reason": "LayerMismatch", "lastTransitionTime": at(1)}


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (bundle(OF_ANOTHER_IMAGE, known=THERE), "LayerMismatch"),
        (bundle(INSTALLED, OF_ANOTHER_IMAGE, known=THERE), "LayerMismatch"),
        (bundle(FROM_LAYER, pod(install=reported(layerFailed=failed("Mismatch"))), known=THERE), "Completed"),
        (bundle(known=THERE, status={"conditions": [{**UNFIT, "message": OLD_WORDS}]}), "LayerMismatch"),
        (bundle(FROM_LAYER, known=THERE, status={"conditions": [{**UNFIT, "message": OLD_WORDS}]}), "Completed"),
    ],
    ids=["it says so", "the newest pod says so", "an older pod says so", "no pod tells now", "a later pod used it"],
)
def test_a_layer_of_another_image_is_a_reason_of_its_own(observed: Observation, reason: str) -> None:
    found = said(observed)
    assert (found.status, found.reason) == ("True", reason)
    words = {"LayerMismatch": ("(Mismatch): what happened.", OLD_WORDS), "Completed": ("The layer ",)}[reason]
    assert any(each in found.message for each in words)


BUILT = {"files": DIGEST, "fromSource": ["docopt==0.6.2"]}
BUILT_WORDS = "Built from source: docopt==0.6.2; only wheels are promised to be the same in each installation."


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        (bundle(pod(prepare=completed(), install=reported(**BUILT))), f"{BY_ITSELF} {BUILT_WORDS}"),
        (bundle(pod(prepare=completed(), install=reported(layer=DIGEST, **BUILT))), f"to put in place. {BUILT_WORDS}"),
        (bundle(known=NONE, status={**before(BY_ITSELF), "requirements": BUILT}), f"may not write. {BUILT_WORDS}"),
        (bundle(status={**before(f"{BY_ITSELF} {BUILT_WORDS}"), "requirements": BUILT}), BUILT_WORDS),
    ],
    ids=["installed", "out of a layer", "no pod, and no layer any more", "no pod tells"],
)
def test_what_was_built_from_source_is_named(observed: Observation, words: str) -> None:
    message = said(observed).message
    assert message.endswith(words)
    assert message.count("Built from source") == 1


def test_it_is_not_said_before_they_are_there() -> None:
    assert said(bundle(known=NONE)).message == "install has not reported yet."
    broken = said(bundle(pod(prepare=completed(), install=ended(1, '{"reason": "IndexUnreachable"}')), known=NONE))
    assert (broken.status, broken.reason) == ("False", "IndexUnreachable")


def test_words_of_a_hostile_image_are_bounded() -> None:
    hostile = failed("Mismatch", "\x1b[2J\u202e" + "x" * 3000)
    found = said(bundle(pod(prepare=completed(), install=reported(layerFailed=hostile))))
    assert "\x1b" not in found.message
    assert "\u202e" not in found.message
    assert len(found.message) < 1000


def test_nothing_is_installed_for_a_bundle_without_requirements() -> None:
    observed = replace(seen(pod(prepare=completed())), layer=NONE)
    assert said(observed).reason == "NoRequirements"
