"""Bundles by chance, right and off by one, in chains, against the oracle; most of their operators meet a fault too."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tools.faults import oracle
from tools.faults.chance import generate
from tools.faults.kinds import Kill, Lose, Refuse
from tools.faults.oracle import Outcome
from tools.faults.proxy import Fault
from tools.faults.scenarios import Scenario, nothing
from tools.faults.trial import Ground, Trial
from tools.testkit.rest import ApiError, path

Say = Callable[[str], None]

OF_A_NAMESPACE = 32
TOGETHER = 8
DEADLINE_SECONDS = 300.0


@dataclass
class Judged:
    """What came of them."""

    bundles: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


async def judge_generated(ground: Ground, bundles: int, seed: int, say: Say) -> Judged:
    """So many bundles, in namespaces side by side."""
    judged = Judged()
    turns = asyncio.Semaphore(TOGETHER)

    async def one(number: int, size: int) -> None:
        chance = random.Random(f"{seed}.{number}")
        async with turns:
            await _namespace(ground, chance, size, judged, say, f"seed {seed}, namespace {number}")

    sizes = [min(OF_A_NAMESPACE, bundles - at) for at in range(0, bundles, OF_A_NAMESPACE)]
    await asyncio.gather(*(one(number, size) for number, size in enumerate(sizes)))
    return judged


async def _namespace(ground: Ground, chance: random.Random, size: int, judged: Judged, say: Say, where: str) -> None:
    made = dict(generate(chance, size))
    expected = oracle.outcomes(made)
    trial = Trial(ground, Scenario("generated", nothing))
    try:
        await trial.begin()
        fault = _fault(chance)
        await trial.mark(fault)
        began = time.monotonic()
        order = list(made)
        chance.shuffle(order)
        refused: set[str] = set()
        for name in order:
            status, text = await ground.api.raw("POST", path("modelbundles", trial.namespace), made[name])
            if status == 422:
                refused.add(name)
            elif status != 201:
                raise ApiError(f"create {name}", status, text.decode(errors="replace"))
        problems: dict[str, list[str]] = {}
        while time.monotonic() - began < DEADLINE_SECONDS:
            problems = {name: list(_wrong(trial, name, expected[name], name in refused)) for name in made}
            if not any(problems.values()):
                break
            await asyncio.sleep(0.5)
    finally:
        await trial.close()
    judged.bundles += size
    judged.reasons.update(each.reason or "refused by the API server" for each in expected.values())
    for name, lines in problems.items():
        if lines:
            judged.problems.append(f"{where}, {name}: {lines[0]}")
            say(f"DIFFERS: generated, {where}, {fault}, {name} ({trial.log}): {'; '.join(lines)}")


def _wrong(trial: Trial, name: str, expected: Outcome, refused: bool) -> Iterator[str]:
    if expected.admitted == refused:
        yield f"the API server {'refused' if refused else 'took'} it"
        return
    if refused:
        return
    status = (trial.room.objects.get(("modelbundles", name)) or {}).get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or []}
    ready = conditions.get("Ready") or {}
    if ready.get("reason") != expected.reason:
        found = f"{ready.get('status')} {ready.get('reason')}: {ready.get('message')}"
        yield f"Ready: expected {expected.reason}, found {found}"
        return
    if (conditions.get("Stalled", {}).get("status") == "True") != expected.stalled:
        yield f"Stalled: expected {expected.stalled}, found {conditions.get('Stalled')}"
    if not expected.digest:
        children = [
            plural
            for plural in ("configmaps", "services", "deployments", "poddisruptionbudgets")
            if (plural, name) in trial.room.objects
        ]
        if children:
            yield f"has {', '.join(children)} and is not resolved"
        return
    lineage = status.get("lineage") or {}
    values = {
        "digest": status.get("digest"),
        "root": lineage.get("root"),
        "parent": lineage.get("parent", ""),
        "depth": lineage.get("depth"),
        "changed": tuple(lineage.get("changed") or ()),
    }
    for what, value in values.items():
        if value != getattr(expected, what):
            yield f"{what}: expected {getattr(expected, what)!r}, found {value!r}"
    texts = {"status.resolved": (status.get("resolved") or {}).get("document")}
    config_map = trial.room.objects.get(("configmaps", name))
    texts["the ConfigMap"] = None if config_map is None else (config_map.get("data") or {}).get("bundle.json")
    for what, text in texts.items():
        if text is not None and text != expected.document:
            yield f"the document in {what} is another one"


def _fault(chance: random.Random) -> Fault:
    at = chance.randint(1, 3 * OF_A_NAMESPACE)
    return chance.choice(
        (
            Fault(),
            Kill(at),
            Kill(at, after=True),
            Kill(at, after=True, stale=True),
            Lose(at),
            Refuse(at, 409),
            Refuse(at, 500),
        )
    )
