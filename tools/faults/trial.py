"""One run: a namespace, an operator of its own behind the proxy, a scenario, and a fault; and how it ended."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.faults.kinds import Extent
from tools.faults.normal import State, differences, state
from tools.faults.observer import Observer, Room
from tools.faults.operators import RESYNC_SECONDS, ForkServer, Operator, environment, kubeconfig
from tools.faults.proxy import Client, Fault, Proxy
from tools.faults.scenarios import Scenario, User
from tools.testkit.rest import Api, ApiError

# longer than the time between two resyncs: what those find would be written by then
SILENCE_SECONDS = RESYNC_SECONDS * 1.1 + 2
# an endpoint's move takes 51 s, a dropped event the resync, a child of a former bundle garbage collection
DEADLINE_SECONDS = 300.0
_QUIET_SECONDS = 2.0
_WATCHED = ("modelbundles", "modelendpoints", "services", "deployments", "jobs", "pods")
_numbers = itertools.count(1)
_RUN = secrets.token_hex(3)  # on a cluster that is kept, names of a run before are there still


@dataclass(frozen=True)
class Ground:
    """What all runs share."""

    api: Api
    proxy: Proxy
    observer: Observer
    server: ForkServer
    logs: Path


@dataclass(frozen=True)
class Reference:
    """How a scenario ends undisturbed, what came and went on the way, and where faults can strike."""

    end: State
    came: Counter[tuple[str, str]]
    went: Counter[tuple[str, str]]
    extent: Extent
    seconds: float


@dataclass(frozen=True)
class Result:
    """How one run ended; `problems` is empty where it ended as the undisturbed one did."""

    scenario: str
    kind: str
    fault: str
    struck: bool
    seconds: float  # from the user's act to the end state
    writes: int
    problems: list[str] = field(default_factory=list)
    log: str = ""


class Trial:
    """One namespace and its operator."""

    def __init__(self, ground: Ground, scenario: Scenario) -> None:
        self.namespace = f"faults-{_RUN}-{next(_numbers):05d}"
        self._ground = ground
        self._scenario = scenario
        self.client = Client(f"token-of-{self.namespace}")
        self._operator: Operator | None = None
        self.log = ground.logs / f"{self.namespace}.log"
        self._kubeconfig = ground.logs / f"{self.namespace}.kubeconfig"
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False
        self.ends: list[int | None] = []  # exit codes of operators that ended by themselves

    @property
    def room(self) -> Room:
        return self._ground.observer.room(self.namespace)

    async def begin(self) -> User:
        """The namespace, the operator, and what the scenario settles first."""
        ground = self._ground
        metadata = {"name": self.namespace}
        await ground.api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        self._kubeconfig.write_text(kubeconfig(ground.proxy.address, self.client.token))
        self.client.kill = self._restart
        ground.proxy.admit(self.client)
        user = User(ground.api, self.namespace, self.room)
        await self._account()
        await self._start()
        await self._scenario.settle(user)
        await self._until_quiet()
        return user

    async def act(self, user: User, fault: Fault) -> float:
        """What the faults fall into; when it began."""
        await self.mark(fault)
        began = time.monotonic()
        await self._scenario.act(user)
        return began

    async def mark(self, fault: Fault) -> None:
        """From here on things count, and the fault may strike."""
        await self._ground.proxy.snapshot(self.client)
        self.client.mark()
        self.room.mark()
        self.client.fault = fault

    def end(self) -> State:
        return state(self.room.objects, self.namespace)

    def watches(self) -> bool:
        """Whether its operator is there, sees what happens, and leads: one that was killed holds its Lease a while."""
        return self.client.leads and all(self.client.watching[resource] for resource in _WATCHED)

    async def silence(self) -> None:
        """Until nothing has been written for long, and nothing has changed."""
        last, since = self.end(), time.monotonic()
        while True:
            await asyncio.sleep(0.5)
            if (now := self.end()) != last or not self.watches():
                last, since = now, time.monotonic()
            if time.monotonic() - max(since, self.client.last_write()) > SILENCE_SECONDS:
                return

    async def close(self) -> None:
        """End the operator and delete what there is; the namespace stays, as its deletion costs a hundred calls."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
        if self._operator is not None:
            await self._operator.kill()
        self._ground.proxy.forget(self.client)
        self._kubeconfig.unlink(missing_ok=True)
        for plural, name in list(self.room.objects):
            if plural in ("modelbundles", "modelendpoints", "resourcequotas"):
                await self._ground.api.delete(plural, self.namespace, name)

    async def _start(self) -> None:
        environ = environment(self._kubeconfig, self.namespace)
        self.client.leads = False
        self._operator = await self._ground.server.start(environ, self.log)
        if self._closed:  # meanwhile
            await self._operator.kill()
            return
        self._keeper = asyncio.create_task(self._keep(self._operator))

    async def _restart(self) -> None:
        assert self._operator is not None
        assert self._keeper is not None
        self._keeper.cancel()
        await self._operator.kill()
        self._note("killed, and started again")
        await self._start()

    async def _keep(self, operator: Operator) -> None:
        """As a kubelet does: an operator that ends is started again."""
        await operator.ended.wait()
        self.ends.append(operator.code)
        self._note(f"it ended by itself with {operator.code}, and is started again")
        await self._start()

    def _note(self, text: str) -> None:
        with self.log.open("a") as log:
            log.write(f"--- {text}\n")

    async def _account(self) -> None:
        """Pods are refused until the controller manager has made the namespace's service account."""
        where = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/default"
        async with asyncio.timeout(180):
            while await self._ground.api.call("GET", where, absent=True) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def _until_quiet(self) -> None:
        """The settled part is over: the operator watches, and asks for nothing."""
        async with asyncio.timeout(180):
            while not (self.watches() and time.monotonic() - self.client.last > _QUIET_SECONDS):  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def reference(ground: Ground, scenario: Scenario) -> Reference:
    """The undisturbed run."""
    trial = Trial(ground, scenario)
    try:
        user = await trial.begin()
        began = await trial.act(user, Fault())
        await scenario.end(user)
        await trial.silence()
        client, room = trial.client, trial.room
        extent = Extent(client.writes, client.reads, dict(client.events))
        seconds = max(client.last_write() - began, 0.0)
        return Reference(trial.end(), Counter(room.came), Counter(room.went), extent, seconds)
    finally:
        await trial.close()


async def run(ground: Ground, scenario: Scenario, known: Reference, kind: str, name: str, fault: Fault) -> Result:
    """A run with a fault, held against the undisturbed one."""
    trial = Trial(ground, scenario)
    problems: list[str] = []
    seconds = 0.0
    try:
        user = await trial.begin()
        began = await trial.act(user, fault)
        seconds = await _reaches(trial, known.end, began)
        problems += differences(known.end, trial.end())
        if not problems:
            await _stays_silent(trial, known.end, problems)
        problems += _surplus("created", known.came, trial.room.came)
        problems += _surplus("deleted", known.went, trial.room.went)
        problems += [f"the operator ended by itself with {code}" for code in trial.ends]
    except (TimeoutError, ApiError) as error:
        problems.append(f"the run itself: {error or type(error).__name__}")
    finally:
        await trial.close()
    writes = sum(each.call.writes and each.took_place for each in trial.client.seen)
    log = str(trial.log) if problems else ""
    if not problems:
        trial.log.unlink(missing_ok=True)
    return Result(scenario.name, kind, name, not fault.armed, seconds, writes, problems, log)


async def _reaches(trial: Trial, end: State, began: float) -> float:
    """Seconds until the end state is there, or until the deadline."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                changed = trial.room.changed
                if trial.end() == end:
                    break
                await changed.wait()
    return time.monotonic() - began


async def _stays_silent(trial: Trial, end: State, problems: list[str]) -> None:
    """The end state may be passed through: a write that comes after it starts the wait again, three times at most.

    Only an operator that watches is silent: one that is being started again does not write either.
    """
    began = watching = time.monotonic()
    while (since := time.monotonic() - max(watching, trial.client.last_write())) < SILENCE_SECONDS:
        await asyncio.sleep(min(0.5, SILENCE_SECONDS - since + 0.05))
        if not trial.watches():
            watching = time.monotonic()
        if time.monotonic() - began > DEADLINE_SECONDS or time.monotonic() - watching > 3 * SILENCE_SECONDS:
            writes = Counter(str(each.call) for each in trial.client.seen if each.call.writes and each.at > began)
            problems.append(f"no silence: writes go on after the end state: {dict(writes)}")
            return
    problems += differences(end, trial.end())


def _surplus(what: str, expected: Counter[tuple[str, str]], found: Counter[tuple[str, str]]) -> list[str]:
    """What there was more of; where there was less the end differs, or it came about in another way."""
    return [
        f"{what} beyond the undisturbed run: {plural} of {name}: {count} in place of {expected[plural, name]}"
        for (plural, name), count in sorted(found.items())
        if count > expected[plural, name]
    ]
