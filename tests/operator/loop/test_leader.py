"""Leading begins and ends with the Lease; here it is in memory, and can be taken away, deleted or out of reach."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest
from modelbundle_operator.errors import Conflict, Transient
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.loop.leader import Leader, Tenure
from modelbundle_operator.loop.lease import Lease, Times

pytestmark = pytest.mark.undisturbed

# where the Lease is to be lost; elsewhere the real times hold, so that a slow machine loses none
SHORT = Times(lease=1.0, renew=0.6, retry=0.1, call=0.3, after_failure=0.05)
AWAY = Transient("GET /apis/...: connection refused")


@dataclass
class Memory:
    """The Lease, as an API server has it; `down` is what it answers while it is in trouble."""

    where: str = "system/lease"
    stored: Lease | None = None
    down: Exception | None = None
    versions: int = 0

    async def read(self) -> Lease | None:
        self._answer()
        return self.stored

    async def create(self, holder: str) -> Lease:
        self._answer()
        if self.stored is not None:
            raise Conflict("409: exists")
        return self.store(Lease(holder, 0, "", "", 0, ""))

    async def renew(self, lease: Lease) -> Lease:
        return self._update(lease, lease)

    async def take(self, lease: Lease, holder: str) -> Lease:
        return self._update(lease, replace(lease, holder=holder, transitions=lease.transitions + 1))

    async def release(self, lease: Lease) -> None:
        self._update(lease, replace(lease, holder=""))

    def store(self, lease: Lease) -> Lease:
        self.versions += 1
        self.stored = replace(lease, version=str(self.versions), renewed=f"at {self.versions}")
        return self.stored

    def _update(self, lease: Lease, new: Lease) -> Lease:
        self._answer()
        if self.stored is None or self.stored.version != lease.version:
            raise Conflict("409: modified")
        return self.store(new)

    def _answer(self) -> None:
        if self.down is not None:
            raise self.down


@dataclass
class Candidate:
    """One operator; `history` is what became of its work."""

    memory: Memory
    name: str
    times: Times
    finishing: float = 0.0  # seconds that its work takes to end
    history: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tenure = Tenure(self.times)
        self.leader = Leader(self.memory, self.name, self._work, self.tenure)
        self.task = asyncio.create_task(self.leader.run())

    async def _work(self) -> None:
        self.history.append("begins")
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(self.finishing)
            self.history.append("ends, and may write" if self.tenure.held() else "ends")

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Candidate]]:
    made: list[Candidate] = []

    def begin(memory: Memory, name: str = "me", times: Times | None = None, finishing: float = 0.0) -> Candidate:
        made.append(Candidate(memory, name, times or Times(), finishing))
        return made[-1]

    yield begin
    for each in made:
        await each.stop()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_signal_lets_the_work_end_before_the_lease_is_given_back(start: Callable[..., Candidate]) -> None:
    memory = Memory()
    times = replace(SHORT, lease=3.0, renew=2.0, call=1.0)
    one = start(memory, "one", times, finishing=1.2 * times.lease)  # longer than it lasts: it is renewed meanwhile
    await until(lambda: one.history == ["begins"])
    await one.stop()
    assert one.history == ["begins", "ends, and may write"]
    assert memory.stored is not None
    assert memory.stored.holder == ""
    other = start(memory, "other")
    await until(lambda: other.history == ["begins"])
    assert memory.stored.transitions == 1


async def test_it_is_given_back_whatever_version_a_renewal_left(start: Callable[..., Candidate]) -> None:
    memory = Memory()
    one = start(memory, "one")
    await until(lambda: one.history == ["begins"])
    assert memory.stored is not None
    memory.store(memory.stored)
    await one.stop()
    assert memory.stored.holder == ""


async def test_one_that_stands_by_begins_when_the_holder_renews_no_more(start: Callable[..., Candidate]) -> None:
    memory = Memory()
    memory.store(Lease("killed", 0, "", "", 0, ""))
    other = start(memory, "other", SHORT)
    await asyncio.sleep(SHORT.lease / 4)
    assert other.history == []
    await until(lambda: other.history == ["begins"])
    assert other.leader.takeovers == 1


async def test_an_api_server_that_is_away_ends_the_work_and_not_the_process(
    start: Callable[..., Candidate], caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory()
    one = start(memory, "one", SHORT)
    await until(lambda: one.history == ["begins"])
    with caplog.at_level(logging.INFO):
        memory.down = AWAY
        await until(lambda: one.history == ["begins", "ends"])
        assert not one.tenure.held()
        await asyncio.sleep(SHORT.lease)
        memory.down = None
        await until(lambda: one.history == ["begins", "ends", "begins"])
    assert not one.task.done()
    said = [record.message for record in caplog.records]
    assert [text.split(":")[0] for text in said] == [
        "this operator leads no longer, and stands by",
        "cannot stand for the Lease system/lease",  # once, however long it lasts
        "this operator leads from now on (Lease system/lease)",
    ]


async def test_a_short_trouble_costs_nothing(start: Callable[..., Candidate]) -> None:
    memory = Memory()
    one = start(memory, "one", replace(Times(), retry=0.05, after_failure=0.05))
    await until(lambda: one.history == ["begins"])
    # the last two: what no API server answers, such as a proxy's page
    for error in (AWAY, TimeoutError(), ValueError("<html>"), KeyError("metadata")):
        memory.down = error
        await asyncio.sleep(0.2)
        memory.down, before = None, memory.versions
        await until(lambda: memory.versions > before)  # noqa: B023
    assert one.history == ["begins"]


async def test_a_renewal_whose_answer_was_lost_is_found_to_be_ours(start: Callable[..., Candidate]) -> None:
    memory = Memory()
    one = start(memory, "one", replace(Times(), retry=0.05, after_failure=0.05))
    await until(lambda: one.history == ["begins"])
    assert memory.stored is not None
    memory.store(memory.stored)  # as it would have: the version is another one
    before = memory.versions
    await until(lambda: memory.versions > before)
    assert one.history == ["begins"]


@pytest.mark.parametrize("becomes", [lambda lease: replace(lease, holder="other"), lambda lease: None])
async def test_a_lease_that_another_one_has_or_that_is_deleted_is_lost_at_once(
    start: Callable[..., Candidate], becomes: Callable[[Lease], Lease | None]
) -> None:
    memory = Memory()
    one = start(memory, "one", replace(Times(), retry=0.05, after_failure=0.05))
    await until(lambda: one.history == ["begins"])
    assert memory.stored is not None
    changed = becomes(memory.stored)
    memory.stored = None if changed is None else memory.store(changed)
    await until(lambda: one.history[:2] == ["begins", "ends"])


async def test_without_the_right_to_the_lease_it_says_so_and_waits_for_it(
    start: Callable[..., Candidate], caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory(down=Refused(403, "GET /apis/.../leases/...: 403: forbidden"))
    with caplog.at_level(logging.WARNING):
        one = start(memory, "one", SHORT)
        await until(lambda: bool(caplog.records))
        assert "403: forbidden" in caplog.text
        memory.down = None
        await until(lambda: one.history == ["begins"])


async def test_an_answer_that_nobody_thought_of_ends_nothing(start: Callable[..., Candidate]) -> None:
    """Neither of a candidate nor of the holder, nor as the Lease is given back."""
    memory = Memory(down=KeyError("metadata"))
    one = start(memory, "one", SHORT)
    await asyncio.sleep(SHORT.retry)
    assert not one.task.done()
    memory.down = None
    await until(lambda: one.history == ["begins"])
    memory.down = TypeError("a list")
    await until(lambda: one.history == ["begins", "ends"])
    memory.down = None
    await until(lambda: one.history[-1] == "begins")
    memory.down = KeyError("metadata")
    await one.stop()
    assert one.task.cancelled()


async def test_an_error_of_the_work_ends_the_process_and_gives_the_lease_back(start: Callable[..., Candidate]) -> None:
    memory = Memory()

    async def work() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await Leader(memory, "one", work).run()
    assert memory.stored is not None
    assert memory.stored.holder == ""


def test_a_process_that_was_stopped_finds_its_time_over() -> None:
    now = 100.0
    tenure = Tenure(now=lambda: now)
    assert not tenure.held(), "nobody has given it anything"
    tenure.renewed(99.0)
    assert tenure.held()
    now = 105.1  # it was stopped in between: nothing else has told it
    assert not tenure.held()
