"""The operator's own notes on a Deployment, written by others: no wish for other pods, and nothing that it fails at."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from modelbundle_operator.api.names import ANNOTATION_INPUTS, ANNOTATION_TEMPLATE

from tests.operator.world import KEY, World

Body = dict[str, Any]
OTHERS = {
    "no text of a template": "[]",
    "nothing": "",
    "deep": "[" * 100_000,
    "what no Deployment has": '{"a":[]}',
}


def noted(world: World, name: str, text: str) -> None:
    """Another client writes a note; the API server says whose it is then."""

    def write(body: Body) -> None:
        body["metadata"]["annotations"][name] = text
        fields = {"f:metadata": {"f:annotations": {f"f:{name}": {}}}}
        entry = {"manager": "kubectl-annotate", "operation": "Update", "fieldsV1": fields}
        body["metadata"]["managedFields"].append(entry)

    world.cluster.edit("Deployment", KEY, write)


async def is_undone(world: World, name: str, text: str) -> None:
    """After one look the Deployment is as it was before another client wrote the note."""
    before = copy.deepcopy(world.cluster.objects["Deployment", *KEY.place])
    noted(world, name, text)
    await world.look()
    after = world.cluster.objects["Deployment", *KEY.place]
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
async def test_another_text_of_the_template_changes_no_pod(served: World, text: str) -> None:
    await is_undone(served, ANNOTATION_TEMPLATE, text)
    assert served.ready() == ("True", "Serving")
    await served.at_rest()


async def test_another_template_in_the_note_is_not_rolled_out(served: World) -> None:
    notes = served.cluster.objects["Deployment", *KEY.place]["metadata"]["annotations"]
    template = json.loads(notes[ANNOTATION_TEMPLATE])
    template["spec"]["containers"][0]["image"] = "docker.io/somebody/else:1"
    await is_undone(served, ANNOTATION_TEMPLATE, json.dumps(template))
    await served.at_rest()


@pytest.mark.parametrize("text", ["", "7:", "1:" + "0" * 64, "banana", ":" * 100_000])
async def test_another_hash_of_the_inputs_changes_no_pod(served: World, text: str) -> None:
    await is_undone(served, ANNOTATION_INPUTS, text)
    await served.at_rest()
