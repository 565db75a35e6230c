"""Open-loop load: requests leave when the plan says, whatever became of those before; each answer is checked.

The plan (Poisson, from a seed) is made before and is the same for every server. One process on uvloop and httptools,
with connections that are kept, so that a request costs the client a few dozen microseconds.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httptools


@dataclass(frozen=True)
class Route:
    """How a server is asked for the answer to one number, and where that is in its response."""

    port: int
    path: str
    body: Callable[[int], bytes]
    value: Callable[[bytes], Any]

    def request(self, number: int) -> bytes:
        body = self.body(number)
        head = f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\ncontent-type: application/json\r\n"
        return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


@dataclass
class Answer:
    planned: float  # seconds from the start of the plan
    lag: float  # how much later it left
    status: int = 0  # 0: none came, or its connection was lost
    seconds: float = math.inf
    right: bool = False


def poisson(rate: float, seconds: float, seed: int) -> list[float]:
    rng = random.Random(seed)
    times: list[float] = []
    at = rng.expovariate(rate)
    while at < seconds:
        times.append(at)
        at += rng.expovariate(rate)
    return times


async def send(route: Route, plan: Sequence[float], expected: Callable[[int], Any], patience: float) -> list[Answer]:
    """What became of each request, at the latest ``patience`` seconds after the last one left."""
    load = _Load(route, expected)
    requests = [route.request(number) for number in range(len(plan))]
    start = time.perf_counter()
    for number, at in enumerate(plan):
        early = at - (time.perf_counter() - start)
        if early > 0:
            await asyncio.sleep(early)
        load.ask(number, requests[number], Answer(at, time.perf_counter() - start - at))
    await load.end(patience)
    return load.answers


class _Load:
    """The connections, those of them that are free, and the answers so far."""

    def __init__(self, route: Route, expected: Callable[[int], Any]) -> None:
        self.route = route
        self.expected = expected
        self.answers: list[Answer] = []
        self.free: list[_Connection] = []  # the one used last is used first
        self._all: list[_Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._left = 0

    def ask(self, number: int, request: bytes, answer: Answer) -> None:
        self.answers.append(answer)
        self._left += 1
        question = (number, request, answer, time.perf_counter())
        if self.free:
            self.free.pop().ask(question)
            return
        task = asyncio.create_task(self._open(question))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, question: tuple[int, bytes, Answer, float]) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self.route.port)
        except OSError:
            self.answered(question, 0, b"")
        else:
            self._all.append(connection)
            connection.ask(question)

    def answered(self, question: tuple[int, bytes, Answer, float], status: int, body: bytes) -> None:
        number, _, answer, left = question
        answer.seconds = time.perf_counter() - left
        answer.status = status
        answer.right = status == 200 and self.route.value(body) == self.expected(number)
        self._left -= 1

    async def end(self, patience: float) -> None:
        end = time.perf_counter() + patience
        while self._left and time.perf_counter() < end:  # noqa: ASYNC110  as the last one may be long answered
            await asyncio.sleep(0.02)
        for task in self._opening:
            task.cancel()
        for connection in self._all:
            connection.leave()


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._parser = httptools.HttpResponseParser(self)
        self._question: tuple[int, bytes, Answer, float] | None = None
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def ask(self, question: tuple[int, bytes, Answer, float]) -> None:
        self._question = question
        self._transport.write(question[1])

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._parser.should_keep_alive():
            self._load.free.append(self)
        else:
            self._transport.close()
        self._answered(self._parser.get_status_code())

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._load.free:
            self._load.free.remove(self)
        self._answered(0)

    def _answered(self, status: int) -> None:
        question, self._question = self._question, None
        body, self._body = self._body, b""
        if question is not None:
            self._load.answered(question, status, body)

    def leave(self) -> None:
        """What has not been answered by now counts as not answered."""
        self._question = None
        self._transport.abort()
