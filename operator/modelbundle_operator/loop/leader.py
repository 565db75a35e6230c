"""One of several operators works, the others stand by: how the Lease is won, kept, lost and given back.

Losing it ends the work and not the process: while the API server is away there is nothing that a new process would do
better. That nothing is written without it is not asked of the work: `Tenure.held` is asked at each write.

Nor does a call about the Lease end it that fails in a way nobody thought of, as where something else answers in the API
server's place: it counts as failed, and is made again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from modelbundle_operator.errors import Conflict, OperatorError
from modelbundle_operator.loop.lease import Decision, Lease, Sighting, Step, Times, decide, sighted

log = logging.getLogger(__name__)

_BEFORE_ALL_TIME = float("-inf")


def clock() -> float:
    """Seconds that also go by while this process, or the whole machine, is stopped."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass
class Tenure:
    """Until when this process may write."""

    times: Times = field(default_factory=Times)
    now: Callable[[], float] = clock
    until: float = _BEFORE_ALL_TIME

    def held(self) -> bool:
        """Whether it may now."""
        return self.now() < self.until

    def left(self) -> float:
        """Seconds for which it still may."""
        return self.until - self.now()

    def renewed(self, sent: float) -> None:
        """A renewal that was sent then has come through."""
        self.until = sent + self.times.renew

    def end(self) -> None:
        """No more writes."""
        self.until = _BEFORE_ALL_TIME


class Leases(Protocol):
    """The one Lease, in the API. Its calls raise as those of the cluster do."""

    where: str

    async def read(self) -> Lease | None:
        """As it stands; None when there is none."""

    async def create(self, holder: str) -> Lease:
        """The first one. Conflict when there is one."""

    async def renew(self, lease: Lease) -> Lease:
        """Its holder still has it. This and the next two raise Conflict when the Lease is no longer this one."""

    async def take(self, lease: Lease, holder: str) -> Lease:
        """Another one has it."""

    async def release(self, lease: Lease) -> None:
        """Nobody has it."""


@dataclass
class Leader:
    """A candidate, and while it holds the Lease the one that works: `work` runs until it is cancelled."""

    leases: Leases
    identity: str
    work: Callable[[], Awaitable[None]]
    tenure: Tenure = field(default_factory=Tenure)
    takeovers: int = 0
    knows_leader: bool = False  # itself, or the one that it stands by for: false where the Lease may not be read

    def __post_init__(self) -> None:
        self._times = self.tenure.times
        self._said = ""

    async def run(self) -> None:
        """Until cancelled; the work is then finished first, and the Lease is given back."""
        while True:
            await self._lead(await self._acquire())

    async def _acquire(self) -> Lease:
        sighting = Sighting()
        while True:
            try:
                async with asyncio.timeout(self._times.call):
                    sighting = sighted(sighting, await self.leases.read(), self.tenure.now())
                decision = decide(sighting, self.identity, self.tenure.now(), self._times)
                if decision.step is Step.WAIT:
                    self._say_who_leads(sighting)
                else:
                    return await self._claim(sighting, decision)
            except Conflict:
                decision = Decision(Step.WAIT)  # another one was quicker: the next look says which
            except Exception as error:
                self._say(logging.WARNING, f"cannot stand for the Lease {self.leases.where}: {_words(error)}")
                decision = Decision(Step.WAIT, self._times.retry)
            await asyncio.sleep(decision.seconds)

    async def _claim(self, sighting: Sighting, decision: Decision) -> Lease:
        sent = self.tenure.now()
        async with asyncio.timeout(self._times.call):
            if decision.step is Step.CREATE or sighting.lease is None:
                lease = await self.leases.create(self.identity)
            else:
                lease = await self.leases.take(sighting.lease, self.identity)
        self.tenure.renewed(sent)
        self.takeovers += 1
        self.knows_leader = True
        before = sighting.last.holder if sighting.last is not None else ""
        whence = f", after {before}" if before not in ("", self.identity) else ""
        self._say(logging.INFO, f"this operator leads from now on{whence} (Lease {self.leases.where})")
        return lease

    async def _lead(self, lease: Lease) -> None:
        """Work, until the Lease is lost or a signal comes."""
        keeper = _Keeper(self.leases, self.tenure, lease)
        work = asyncio.ensure_future(self.work())
        keeping = asyncio.create_task(keeper.keep(), name="lease")
        try:
            await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                self.tenure.end()
                why = keeping.result()
                self._say(logging.WARNING, f"this operator leads no longer, and stands by: {why}")
            else:
                await work  # which ends by itself only with an error
        finally:
            # what is in hand is finished while the Lease is kept, and then the next one need not wait
            await _cancel(work)
            await _cancel(keeping)
            kept = self.tenure.held()
            self.tenure.end()
            if kept:
                await self._release(keeper.lease)

    async def _release(self, lease: Lease) -> None:
        try:
            async with asyncio.timeout(self._times.call):
                while True:
                    try:
                        await self.leases.release(lease)
                    except Conflict:  # a renewal was under way, and has come through
                        found = await self.leases.read()
                        if found is None or found.holder != self.identity:
                            return
                        lease = found
                    else:
                        log.info("the Lease %s is given back", self.leases.where)
                        return
        except Exception as error:
            log.info("the Lease %s could not be given back, it will run out: %s", self.leases.where, _words(error))

    def _say_who_leads(self, sighting: Sighting) -> None:
        if sighting.last is not None:
            self.knows_leader = True
            self._say(logging.INFO, f"{sighting.last.holder} leads, this operator stands by")

    def _say(self, level: int, text: str) -> None:
        """Once, and not again while it stays so."""
        if text != self._said:
            self._said = text
            log.log(level, "%s", text)


class _Keeper:
    """Renews the Lease."""

    def __init__(self, leases: Leases, tenure: Tenure, lease: Lease) -> None:
        self.lease = lease
        self._leases = leases
        self._tenure = tenure
        self._times = tenure.times

    async def keep(self) -> str:
        """Returns when it is lost: why."""
        pause, failed = self._times.retry, ""
        while True:
            await asyncio.sleep(min(pause, max(self._tenure.left(), 0.0)))
            if not self._tenure.held():
                return f"the Lease was not renewed within {self._times.renew:g} s{failed}"
            sent = self._tenure.now()
            try:
                async with asyncio.timeout(min(self._times.call, self._tenure.left())):
                    self.lease = await self._leases.renew(self.lease)
            except Conflict:
                if (other := await self._other_holder()) is not None:
                    return other
                pause = self._times.after_failure
            except Exception as error:
                pause, failed = self._times.after_failure, f": {_words(error)}"
            else:
                self._tenure.renewed(sent)
                pause, failed = self._times.retry, ""

    async def _other_holder(self) -> str | None:
        """Why it is not ours; None when it is, in a version that is not known yet, or when that cannot be told."""
        try:
            async with asyncio.timeout(self._times.call):
                found = await self._leases.read()
        except Exception:
            return None
        if found is None:
            return "the Lease was deleted"
        if found.holder != self.lease.holder:
            return f"{found.holder or 'no operator'} has the Lease"
        self.lease = found
        return None


async def _cancel(task: "asyncio.Future[None] | asyncio.Task[str]") -> None:
    task.cancel()
    await asyncio.wait({task})


def _words(error: Exception) -> str:
    if isinstance(error, OperatorError | TimeoutError):
        return str(error) or "no answer in time"
    return f"{type(error).__name__}: {error}"
