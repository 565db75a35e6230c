"""One server with its worker, the latter kept by what does a kubelet's part: ended at random, started again later."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter

from tools.benchmarks.soak.connection import Connection, Gone, request
from tools.benchmarks.soak.ledger import Ledger
from tools.testkit.pair import Pair

# a kubelet begins at once and goes on with 10 to 300 s: scaled, so that a run of minutes has many lives, some of them
# after longer than the server lets requests wait for the next worker
FIRST_DELAY = 0.2
LAST_DELAY = 8.0
FORGIVEN_SECONDS = 20.0


class Site:
    def __init__(self, name: str, pair: Pair, ledger: Ledger) -> None:
        self.name = name
        self.pair = pair
        self.port = pair.port
        self.ledger = ledger
        self.streams = 0  # that a client is reading
        self.kills = 0
        self.kills_in_streams = 0

    async def ready(self) -> bool:
        return (await self._get("/readyz"))[0] == 200

    async def metrics(self) -> str:
        return (await self._get("/metrics"))[1].decode()

    async def _get(self, path: str) -> tuple[int, bytes]:
        connection = await Connection.open(self.port)
        try:
            await connection.send(request(path, b"", "connection: close", method="GET"))
            answer = await connection.answer()
            return answer.status, answer.body
        finally:
            await connection.close()

    async def kill_at_random(self, until: float, mean_seconds: float, streams: bool) -> None:
        """Until then. Where there are ``streams`` one has to be under way every other time."""
        delay = FIRST_DELAY
        while True:
            born = time.monotonic()
            await asyncio.sleep(random.expovariate(1 / mean_seconds))
            if streams and self.kills % 2:
                await self._until_a_stream(until)
            if time.monotonic() >= until:
                return
            self.kills_in_streams += bool(self.streams)
            self._kill()
            delay = FIRST_DELAY if time.monotonic() - born > FORGIVEN_SECONDS else min(2 * delay, LAST_DELAY)
            await asyncio.sleep(delay)
            self.pair.start_worker()
            await self._until_ready()

    async def _until_a_stream(self, end: float) -> None:
        while not self.streams and time.monotonic() < end:  # noqa: ASYNC110 - it has to be one at this moment
            await asyncio.sleep(0.002)

    def _kill(self) -> None:
        if self.pair.worker.poll() is not None:
            self.ledger.violation("worker", f"it exited unexpectedly with {self.pair.worker.returncode}")
        self.kills += 1
        self.ledger.outages.begins(time.monotonic())
        self.pair.kill(self.pair.worker)
        self.pair.worker.wait()

    async def _until_ready(self) -> None:
        while True:
            try:
                if await self.ready():
                    break
            except (Gone, OSError) as error:
                self.ledger.violation("probe", f"{type(error).__name__} {error}")
            await asyncio.sleep(0.05)
        self.ledger.outages.ends(time.monotonic())


def counts(metrics: str) -> Counter[tuple[int, str]]:
    """The server's own count of requests, by status and code."""
    found = re.findall(r'^modelbundle_requests_total\{code="(\w+)",status="(\d+)"\} (\S+)$', metrics, re.MULTILINE)
    return Counter({(int(status), code): int(float(number)) for code, status, number in found})


def value(metrics: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    assert found, f"no metric {name}"
    return float(found[1])
