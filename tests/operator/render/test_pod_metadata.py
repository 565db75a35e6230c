"""Labels and annotations that an author gives the pods: theirs alone, beside the operator's."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import ANNOTATION_INPUTS

from tests.operator.render.test_desired import OTHER_OPERATOR, plan

QUEUE = {"kueue.x-k8s.io/queue-name": "models"}
EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
MESH = {"sidecar.istio.io/inject": "true"}
OWN: dict[str, Any] = {"modelbundle.dev/bundle": "another", "app.kubernetes.io/managed-by": "Helm"}


def template(serving: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return dict(plan(serving, **fields).deployment["spec"]["template"])


def test_they_stand_beside_the_operators() -> None:
    plain, made = template()["metadata"], template({"podLabels": QUEUE, "podAnnotations": MESH})["metadata"]
    assert made["labels"] == {**plain["labels"], **QUEUE}
    assert made["annotations"] == {**plain["annotations"], **MESH}


def test_nothing_else_has_them() -> None:
    plain, made = plan(), plan({"podLabels": QUEUE, "podAnnotations": MESH})
    assert made.service == plain.service
    assert made.config_map == plain.config_map
    assert made.deployment["metadata"]["labels"] == plain.deployment["metadata"]["labels"]
    assert made.deployment["spec"]["selector"] == plain.deployment["spec"]["selector"]
    assert template({"podLabels": QUEUE, "podAnnotations": MESH})["spec"] == template()["spec"]


def test_the_operators_own_cannot_be_replaced_where_a_crd_let_them_through() -> None:
    made = template({"podLabels": OWN, "podAnnotations": {"kubectl.kubernetes.io/default-container": "x"}})
    assert made == template()


def test_none_is_the_template_of_a_bundle_that_says_nothing() -> None:
    live = plan().deployment
    assert plan({"podLabels": {}, "podAnnotations": {}}, live=live, settings=OTHER_OPERATOR).deployment == live


def test_a_change_of_a_label_rolls_the_pods_out() -> None:
    live = plan({"podLabels": QUEUE}).deployment
    other = plan({"podLabels": {**QUEUE, "team": "a"}}, live=live).deployment
    assert other["metadata"]["annotations"][ANNOTATION_INPUTS] != live["metadata"]["annotations"][ANNOTATION_INPUTS]
    assert other["spec"]["template"]["metadata"]["labels"]["team"] == "a"


@pytest.mark.parametrize("requirements", [None, ["numpy"]])
def test_the_autoscaler_is_told_of_every_volume_that_it_would_keep_a_node_for(requirements: list[str] | None) -> None:
    made = template({"safeToEvict": True}, requirements=requirements)
    local = [volume for volume in made["spec"]["volumes"] if "emptyDir" in volume]
    named = [volume["name"] for volume in local if volume["emptyDir"].get("medium") != "Memory"]
    assert made["metadata"]["annotations"][EVICT].split(",") == named
    assert EVICT not in template()["metadata"]["annotations"]


def test_an_author_may_name_other_volumes() -> None:
    made = template({"safeToEvict": True, "podAnnotations": {EVICT: "tmp"}})
    assert made["metadata"]["annotations"][EVICT] == "tmp"
