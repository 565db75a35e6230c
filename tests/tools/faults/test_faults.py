"""A choice of `make faults` on a control plane of its own: a fault of each kind in scenarios where they hurt most."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tools.faults.campaign import Choice, carry_out, ground, planned, references
from tools.faults.generated import judge_generated
from tools.faults.kinds import KINDS
from tools.testkit.control_plane import site

pytestmark = [
    pytest.mark.undisturbed,
    pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="CLUSTER is set: needs a control plane of its own"),
    pytest.mark.skipif(os.geteuid() != 0, reason="this user is not root, who alone can start a control plane"),
    pytest.mark.timeout(600),
]
CHOICE = Choice(
    scenarios=("create serving", "create with a layer", "clone chain out of order", "bundle replaced"),
    kinds=tuple(kind for kind in KINDS if kind != "undisturbed"),
    of_each=1,
)
GENERATED = 64


async def test_a_choice_of_faults_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    said: list[str] = []
    with site("faults-test") as cluster:
        async with ground(cluster.kubeconfig("faults-user"), cluster.kubeconfig("faults-operator"), tmp_path) as on:
            # nothing in it waits for the other runs
            generating = asyncio.create_task(judge_generated(on, GENERATED, 0, said.append))
            known = await references(on, CHOICE, said.append)
            results = await carry_out(on, planned(known, CHOICE), CHOICE.together, said.append)
            generated = await generating
    assert len(results) == len(CHOICE.scenarios) * len(CHOICE.kinds)
    assert not [each for each in results if each.problems], "\n".join(said)
    assert (generated.bundles, generated.problems) == (GENERATED, []), "\n".join(said)
