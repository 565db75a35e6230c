"""On a dual-stack cluster a Service has a slice of endpoints for each family of addresses: a move waits for both."""

from __future__ import annotations

import copy
from datetime import timedelta

from tests.operator.town import KEY, SETTLED, Town


def _second_family(town: Town) -> None:
    """Kubernetes writes the slices one after the other."""
    first = town.cluster.objects["EndpointSlice", "models", "sentiment-x"]
    second = copy.deepcopy(first)
    second["metadata"] = {**first["metadata"], "name": "sentiment-y"}
    second["metadata"].pop("resourceVersion", None)
    town.cluster.put(second)


async def test_a_move_ends_when_the_slices_of_both_families_have_followed(town: Town) -> None:
    town.bundle("v2")
    town.cluster.edit("Service", KEY, lambda body: body["spec"].update(ipFamilyPolicy="PreferDualStack"))
    town.follow()
    _second_family(town)
    town.ask_for("v2")
    await town.look()
    town.follow()
    await town.look()
    town.now += timedelta(seconds=SETTLED)
    await town.look()
    assert not town.answers(), "one family still leads to the former bundle"
    _second_family(town)
    await town.look()
    town.now += timedelta(seconds=SETTLED)
    await town.look()
    assert town.answers() == "v2"
    assert town.service()["spec"]["ipFamilyPolicy"] == "PreferDualStack"
    await town.at_rest()
