"""Where pods may run: as the author writes it, in the shape in which the API server keeps it."""

from __future__ import annotations

from modelbundle_operator.api.differs import differs

from tests.operator.render.test_desired import OTHER_OPERATOR, plan, pod
from tools.testkit.pod_corpus import NODES

SPREAD = {"topologyKey": "kubernetes.io/hostname"}


def test_an_affinity_is_passed_on() -> None:
    made = pod(plan({"affinity": {"nodeAffinity": NODES}}))
    assert made == {**pod(plan()), "affinity": {"nodeAffinity": NODES}}


def test_what_the_api_server_does_not_keep_is_not_sent() -> None:
    asked = {"nodeAffinity": {**NODES, "preferredDuringSchedulingIgnoredDuringExecution": []}, "podAffinity": None}
    made = plan({"affinity": asked}).deployment
    kept = plan({"affinity": {"nodeAffinity": NODES}}).deployment
    assert not differs(kept["spec"], made["spec"])


def test_pods_of_one_roll_out_are_spread_and_not_those_of_other_bundles() -> None:
    (made,) = pod(plan({"topologySpread": [SPREAD]}))["topologySpreadConstraints"]
    assert made == {
        "topologyKey": "kubernetes.io/hostname",
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"modelbundle.dev/bundle": "sentiment-v3"}},
        "matchLabelKeys": ["pod-template-hash"],
    }


def test_nothing_is_asked_for_by_default_also_of_several_pods() -> None:
    made = pod(plan({"replicas": 3}))
    assert not {"affinity", "topologySpreadConstraints"} & set(made)
    live = plan().deployment
    assert plan({"affinity": {}, "topologySpread": []}, live=live, settings=OTHER_OPERATOR).deployment == live


def test_a_scheduler_is_passed_on_and_none_is_asked_for_by_default() -> None:
    assert pod(plan({"schedulerName": "volcano"})) == {**pod(plan()), "schedulerName": "volcano"}
    assert "schedulerName" not in pod(plan())
    live = plan().deployment
    assert plan({"schedulerName": None}, live=live, settings=OTHER_OPERATOR).deployment == live


def test_saying_a_default_out_loud_is_no_change() -> None:
    said = {**SPREAD, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}
    assert plan({"topologySpread": [SPREAD]}).deployment == plan({"topologySpread": [said]}).deployment
