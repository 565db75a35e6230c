"""Settings of the pods that no schema can judge: said with their path, and what serves goes on serving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bundle_spec.admission import refusals
from tests.operator.world import KEY, World, running
from tools.testkit.cluster_objects import model_bundle, serving_pod
from tools.testkit.model_bundles import model_bundle as bundle
from tools.testkit.pod_corpus import TOKEN

Body = dict[str, Any]
OWN = [{"name": "HF_TOKEN", "value": "public"}]

REFUSED = [
    ({"affinity": {"nodeAfinity": {}}}, "spec.serving.affinity.nodeAfinity is not a field"),
    ({"env": [TOKEN]}, "spec.serving.env[0].name is HF_TOKEN, which the bundle's own env has"),
    ({"resources": {"cpu": 4, "cpuLimit": "2"}}, "spec.serving.resources.cpu is 4, more than its cpuLimit, 2"),
    ({"serverResources": {"cpu": "1500m", "cpuLimit": 1}}, "spec.serving.serverResources.cpu is 1500m, more than"),
    ({"resources": {"cpuLimit": "0"}}, "spec.serving.resources.cpuLimit is 0: give some CPU"),
]


def _serve(serving: Body) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        body["spec"]["serving"] = serving

    return change


@pytest.mark.parametrize(("serving", "says"), REFUSED)
async def test_what_serves_goes_on(serving: Body, says: str) -> None:
    world = World(model_bundle(env=OWN))
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    before = world.cluster.objects["Deployment", *KEY.place]
    world.cluster.edit("ModelBundle", KEY, _serve(serving))
    await world.look()
    assert world.ready() == ("False", "InvalidValue")
    assert says in world.condition("Ready")["message"]
    assert world.cluster.objects["Deployment", *KEY.place] == before
    await world.at_rest()
    world.cluster.edit("ModelBundle", KEY, _serve({"replicas": 1}))
    await world.look()
    assert world.condition("Stalled") == {}
    await world.at_rest()


@pytest.mark.parametrize(("serving", "says"), REFUSED)
def test_offline_the_same_is_said(serving: Body, says: str) -> None:
    (words,) = refusals(bundle(serving=serving, env=OWN))
    assert says in words


async def test_a_variable_that_a_clone_inherits_is_not_replaced_either() -> None:
    made = model_bundle("clone", serving={"replicas": 0, "env": [TOKEN]})
    clone = {**made, "spec": {**made["spec"], "bundle": {"cloneFrom": {"name": "base"}}}}
    async with running() as live:
        live.apply(model_bundle("base", serving={"replicas": 0}, env=OWN), clone)
        await live.until("clone", "InvalidValue")
        await live.at_rest()
