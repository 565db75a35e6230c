"""What a plan says of layers follows from what the namespace's bundles say, as the operator's own choice does."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render.layers import layer_inputs
from modelbundle_operator.settings import Settings

from launch.doctor.facts import Unknown
from launch.plan.layers import job_makes_layer, known_layer, layer_words
from tests.launch.families import ARTIFACT, clone, root
from tests.launch.plan.world import facts, with_status
from tools.testkit.cluster_objects import at, layer
from tools.testkit.model_bundles import PYTORCH, model_bundle

Body = dict[str, Any]
THERE: Body = {"inputs": "sha256:1", "time": at(5), **layer()}
NONE: Body = {"inputs": "sha256:1", "time": at(5), "message": "the keys may not write"}
LOST: Body = {"inputs": "sha256:1", "time": at(9), "message": "404", "sha256": layer()["sha256"]}
CPU: Body = {"replicas": 1, "gpu": {"count": 0}}
MANY: Body = {**CPU, "replicas": 2}


def other(said: Body | None = None, **fields: Any) -> Body:
    return with_status(root("other", **fields), **({"layer": said} if said else {}))


# why, the facts, words
ROWS: list[tuple[str, Body, str]] = [
    ("a bundle with GPUs", {}, "a Job installs them once"),
    ("one pod on CPU", {"serving": CPU}, ""),
    ("two pods on CPU", {"serving": MANY}, "a Job installs them once"),
    ("it has had pods", {"serving": MANY, "deployed": True}, ""),
    ("there is a layer", {"bundles": [other(THERE)]}, f"the layer {layer()['digest']} has them, as other says"),
    ("for one pod too", {"serving": CPU, "bundles": [other(THERE)]}, "so no pod installs them"),
    ("it says so itself", {"live": with_status(root("sentiment"), layer=THERE)}, "as its own status says"),
    ("none could be made", {"serving": MANY, "bundles": [other(NONE)]}, "there is no layer: the keys may not write"),
    ("it was lost", {"serving": MANY, "bundles": [other(THERE), other(LOST)]}, "a Job installs them once"),
    ("the newest counts", {"bundles": [other(NONE), other({**THERE, "time": at(50)})]}, "so no pod installs them"),
    ("other requirements", {"serving": CPU, "bundles": [other(THERE, requirements=["x"])]}, ""),
    ("another bucket", {"serving": CPU, "bundles": [other({**THERE, "uri": "s3://b/layers/x"})]}, ""),
    ("layers are off", {"settings": {"LAYERS": "false"}}, ""),
    ("no Job is ever made", {"settings": {"PRECHECK": "False"}, "serving": MANY}, ""),
    ("what others have is not known", {"serving": MANY, "bundles": Unknown("no")}, ""),
]


@pytest.mark.parametrize(("why", "more", "words"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_said(why: str, more: Body, words: str) -> None:
    said = layer_words(facts(**more))
    assert words in said, why
    assert bool(words) == bool(said)


def test_a_clone_has_a_job_for_it_and_an_artifact_elsewhere_none() -> None:
    base = root("base")
    assert job_makes_layer(facts(clone(base, "b", appConfig={}), serving=CPU, bundles=[base]))
    elsewhere = root("b", artifact={**ARTIFACT, "uri": "https://h.example/a.zip"})
    assert not job_makes_layer(facts(elsewhere))
    assert known_layer(facts(elsewhere, bundles=[other(THERE)])) is None
    assert not job_makes_layer(facts(root("b", requirements=[])))


@pytest.mark.parametrize(
    ("fields", "serving"),
    [
        ({"appConfig": {"mode": "other"}}, {}),
        ({"artifact": {**ARTIFACT, "uri": "s3://models/other.zip"}}, {}),
        ({"artifact": {**ARTIFACT, "sha256": "f" * 64}}, {}),
        ({"requirements": ["numpy==2.1.0"]}, {}),
        ({"envParams": {**PYTORCH, "pytorchImageTag": "2.3.1"}}, {}),
        ({}, {"artifactSecretName": "mine"}),
        ({}, {"serviceAccountName": "mine"}),
    ],
)
def test_whose_layer_fits_is_what_the_operator_says(fields: Body, serving: Body) -> None:
    wanted: Body = {"artifact": ARTIFACT, "requirements": ["x"], "envParams": PYTORCH}
    ours = known_layer(facts(root("a", **wanted), bundles=[other(THERE, **{**wanted, **fields})]))
    if serving:
        theirs = other(THERE, **wanted)
        theirs["spec"]["serving"] |= serving
        ours = known_layer(facts(root("a", **wanted), bundles=[theirs]))
    hashes = set()
    for more, served in (({}, {}), (fields, serving)):
        made = parse(model_bundle(serving=served, **{**wanted, **more}))
        hashes.add(layer_inputs(made, resolve(made), Settings()))
    assert (ours is not None) == (len(hashes) == 1)
