"""Many runs side by side: undisturbed ones first, then each with a fault."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.faults.kinds import KINDS
from tools.faults.observer import Observer
from tools.faults.operators import ForkServer
from tools.faults.pods import play
from tools.faults.proxy import Fault, Proxy
from tools.faults.scenarios import SCENARIOS, Scenario
from tools.faults.trial import Ground, Reference, Result, reference, run
from tools.testkit.rest import Api

Say = Callable[[str], None]


@dataclass(frozen=True)
class Choice:
    """What of all that there is is tried."""

    scenarios: tuple[str, ...] = tuple(each.name for each in SCENARIOS)
    kinds: tuple[str, ...] = tuple(KINDS)
    of_each: int | None = None  # so many places for each kind and scenario, by chance; None: all
    together: int = 24
    seed: int = 0


@dataclass(frozen=True)
class Planned:
    scenario: Scenario
    known: Reference
    kind: str
    name: str
    fault: Fault


@asynccontextmanager
async def ground(user: Path, proxy: Path, logs: Path) -> AsyncIterator[Ground]:
    """Proxy, observer, pods and operators of a cluster; the kubeconfigs are those of who acts and of the proxy."""
    async with await Api.connect(user) as api, await Api.connect(proxy) as upstream:
        between, observer = Proxy(upstream), Observer(api)
        await between.start()
        server = await ForkServer.begin()
        beside = [asyncio.create_task(observer.run()), asyncio.create_task(play(api))]
        try:
            yield Ground(api, between, observer, server, logs)
        finally:
            for task in beside:
                task.cancel()
            await server.close()
            await between.close()
            await asyncio.gather(*beside, return_exceptions=True)


async def references(on: Ground, choice: Choice, say: Say) -> dict[str, Reference]:
    """The undisturbed run of each scenario."""
    turns = asyncio.Semaphore(choice.together)
    chosen = [each for each in SCENARIOS if each.name in choice.scenarios]

    async def one(scenario: Scenario) -> Reference:
        async with turns:
            return await reference(on, scenario)

    found = await asyncio.gather(*(one(scenario) for scenario in chosen))
    for scenario, known in zip(chosen, found, strict=True):
        events = sum(known.extent.events.values())
        say(f"{scenario.name}: {known.extent.writes} writes, {events} events, {known.seconds:.1f} s undisturbed")
    return {scenario.name: known for scenario, known in zip(chosen, found, strict=True)}


def planned(known: dict[str, Reference], choice: Choice) -> list[Planned]:
    """Every run that is to be made, in an order in which slow scenarios do not come last together."""
    chance = random.Random(choice.seed)
    plans: list[Planned] = []
    for scenario in SCENARIOS:
        if scenario.name not in known:
            continue
        for kind in choice.kinds:
            places = list(KINDS[kind](known[scenario.name].extent))
            if choice.of_each is not None:
                places = chance.sample(places, min(choice.of_each, len(places)))
            plans += [Planned(scenario, known[scenario.name], kind, name, fault) for name, fault in places]
    chance.shuffle(plans)
    return sorted(plans, key=lambda plan: -round(plan.known.seconds / 30))


async def carry_out(on: Ground, plans: list[Planned], together: int, say: Say) -> list[Result]:
    """All of them, so many at a time."""
    turns = asyncio.Semaphore(together)
    results: list[Result] = []
    began = time.monotonic()

    async def one(plan: Planned) -> None:
        async with turns:
            result = await run(on, plan.scenario, plan.known, plan.kind, plan.name, plan.fault)
        results.append(result)
        if result.problems:
            say(f"DIFFERS: {result.scenario}, {result.kind}, {result.fault} ({result.log})")
            for line in result.problems[:6]:
                say(f"    {line}")
        if len(results) % 50 == 0 or len(results) == len(plans):
            say(f"{len(results)} of {len(plans)} runs, {time.monotonic() - began:.0f} s")

    await asyncio.gather(*(one(plan) for plan in plans))
    return results
