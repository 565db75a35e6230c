"""One round of one server: started on one core and on two, asked row by row, stopped. Each cell becomes a record."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.benchmarks.harness import closed_loop
from tools.benchmarks.harness.asks import Case, NotOffered
from tools.benchmarks.harness.processes import age, busy_seconds, cpu_seconds, pss_mib, settle
from tools.benchmarks.serving import health
from tools.benchmarks.serving.cases import BODIES, CLIENTS, HOLDS, OTHERS, SMALL
from tools.benchmarks.serving.ours import Served
from tools.benchmarks.serving.servers import Server

Record = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    rounds: int
    small_seconds: int
    seconds: int
    probe_seconds: float
    wrk: list[str]
    one: set[int]
    two: set[int]
    client_of_one: set[int]
    client_of_two: set[int]


@dataclass
class Bench:
    """A server under its plan; what failed to start once is not started again."""

    server: Server
    plan: Plan
    broken: str = field(default="")

    def round(self) -> Iterator[Record]:
        small = SMALL.function
        with self._started((small,), self.plan.one, 1) as (served, record):
            yield record
            yield from self._small(served, 1)
            yield self._cell(served, {"row": "memory", "cores": 1}, lambda up: {"pssMiB": pss_mib(up.roots)})
            for case in BODIES:
                yield self.load(served, case, 1, case.clients, self.plan.seconds)
        with self._started((small,), self.plan.two, 2) as (served, record):
            yield record
            yield from self._small(served, 2)
        functions = tuple(case.function for case in OTHERS + HOLDS)
        for group in [(name,) for name in functions] if self.server.one_function else [(small, *functions)]:
            with self._started(group, self.plan.one, 1) as (served, _):
                for case in OTHERS:
                    if case.function in group:
                        yield self.load(served, case, 1, case.clients, self.plan.seconds)
                for case in HOLDS:
                    if case.function in group:
                        yield self._health(served, case)

    def _small(self, served: Served | None, cores: int) -> Iterator[Record]:
        for clients in CLIENTS:
            yield self.load(served, SMALL, cores, clients, self.plan.small_seconds)

    @contextlib.contextmanager
    def _started(
        self, functions: tuple[str, ...], cores: set[int], count: int
    ) -> Iterator[tuple[Served | None, Record]]:
        record: Record = {"row": "start", "cores": count}
        with contextlib.ExitStack() as stack:
            served = None
            if not self.broken:
                scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-serving-")))
                try:
                    served = stack.enter_context(self.server.start(scratch / "server", functions, cores))
                    record |= {"wallSeconds": age(served.roots), "cpuSeconds": cpu_seconds(served.roots)}
                except Exception as error:
                    self.broken = _text(error)
            yield served, record if served else record | {"error": self.broken}

    def load(self, served: Served | None, case: Case, cores: int, clients: int, seconds: int) -> Record:
        """One cell: `clients` at once for as long, and what that took."""
        client = self.plan.client_of_one if cores == 1 else self.plan.client_of_two
        record: Record = {"row": case.row, "cores": cores, "clients": clients}
        return self._cell(served, record, lambda up: self._loaded(up, case, clients, seconds, client))

    def _loaded(self, served: Served, case: Case, clients: int, seconds: int, cores: set[int]) -> Record:
        ask = self.server.ask(case)
        length = closed_loop.verify(served.port, ask, case)
        for _ in range(10):  # caches filled, code specialised
            closed_loop.once(served.port, ask)
        settle(served.roots)
        with tempfile.NamedTemporaryFile() as body:
            before, busy = cpu_seconds(served.roots), busy_seconds()
            done = closed_loop.run(
                self.plan.wrk, served.port, ask, case, clients, seconds, cores, Path(body.name), length
            )
            used, busy = cpu_seconds(served.roots) - before, busy_seconds() - busy
        settle(served.roots)
        cell = {
            "cpuUs": used / done.requests * 1e6,
            "perSecond": done.requests / done.seconds,
            "p50Us": done.p50_us,
            "p99Us": done.p99_us,
            "clientUs": done.client_seconds / done.requests * 1e6,
            "requests": done.requests,
            "othersCores": max(0.0, busy - used - done.client_seconds) / done.seconds,
        }
        return cell | ({"cpuUsPerEvent": cell["cpuUs"] / case.events} if case.events else {})

    def _health(self, served: Served | None, case: Case) -> Record:
        def probed(up: Served) -> Record:
            ask = self.server.ask(case)
            closed_loop.verify(up.port, ask, case)
            return {**health.probe(up.port, self.server.health, ask, self.plan.probe_seconds)}

        return self._cell(served, {"row": f"health: {case.row}", "cores": 1}, probed)

    def _cell(self, served: Served | None, record: Record, measured: Callable[[Served], Record]) -> Record:
        """What cannot be measured stands with its reason."""
        if served is None:
            return record | {"error": self.broken}
        try:
            return record | measured(served)
        except NotOffered as error:
            return record | {"missing": str(error)}
        except Exception as error:
            return record | {"error": _text(error)}


def _text(error: Exception) -> str:
    """Of a log the last line that names an exception says the most."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if "Error" in line.split(":")[0] and line.split(":")[0].isidentifier()]
    return (named[-1] if named else " ".join(lines) or repr(error)).replace(str(Path.home()), "~")[:300]
