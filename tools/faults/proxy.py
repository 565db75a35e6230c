"""The proxy between operators and the API server: passes everything on, keeps a record, and lets a fault interfere.

One proxy serves many operators at once, each with a token of its own. It speaks HTTP to them and TLS, with a client
certificate of its own, to the API server. A fault may hold, refuse or repeat what passes; it makes up only errors.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import aiohttp
from aiohttp import web
from yarl import URL

from tools.faults.calls import Call, call_of
from tools.testkit.rest import Api, lines

LARGEST_REQUEST = 16 * 2**20
_PASSED_ON = ("Accept", "Content-Type", "User-Agent")
_ANSWERED = ("Content-Type", "Retry-After", "Warning")


class Answer(NamedTuple):
    """What goes back to the operator."""

    status: int
    body: bytes
    headers: dict[str, str]


class Cut(Exception):
    """The connection ends without an answer."""


Forward = Callable[[], Awaitable[Answer]]


class Fault:
    """What may interfere; this one does not. `armed` until it has struck."""

    armed = True

    async def request(self, client: Client, call: Call, query: str, forward: Forward) -> Answer:
        """The answer to a request other than a watch."""
        return await forward()

    async def event(self, client: Client, call: Call, line: bytes) -> AsyncIterator[bytes]:
        """What the operator sees of a watch event; Cut ends the watch."""
        yield line

    async def watch(self, client: Client, call: Call) -> Answer | None:
        """An answer in place of a watch."""
        return None


@dataclass
class Seen:
    """One request, and what became of it."""

    call: Call
    at: float = 0.0  # when it had taken place
    status: int = 0  # what the API server answered; 0: nothing, or it was never asked

    @property
    def took_place(self) -> bool:
        return 200 <= self.status < 300

    @property
    def created(self) -> bool:
        return self.status == 201


@dataclass
class Client:
    """An operator, through all the processes that it is in turn, and what it asked for."""

    token: str
    fault: Fault = field(default_factory=Fault)
    kill: Callable[[], Awaitable[None]] | None = None
    marked: bool = False  # from here on things count
    seen: list[Seen] = field(default_factory=list)
    writes: int = 0
    reads: int = 0
    events: dict[str, int] = field(default_factory=dict)  # by resource
    watching: Counter[str] = field(default_factory=Counter)  # watches that are open, by resource
    leads: bool = False  # the process that it is now has written its Lease
    last: float = 0.0  # when it asked for anything but its Lease, or ended a watch
    lists: dict[str, bytes] = field(default_factory=dict)  # answers to the lists that it asked for, by path and query

    def mark(self) -> None:
        self.marked = True
        self.seen.clear()
        self.writes = self.reads = 0
        self.events.clear()

    @contextmanager
    def watches(self, resource: str) -> Iterator[None]:
        """While a watch is open."""
        self.watching[resource] += 1
        try:
            yield
        finally:
            self.watching[resource] -= 1
            self.last = time.monotonic()

    def kept_lists(self) -> set[str]:
        """Lists of which it is known what they said at the mark."""
        return {where for where, body in self.lists.items() if body}

    def last_write(self) -> float:
        """When the last one took place; 0 if none did."""
        return max((each.at for each in self.seen if each.call.writes and each.took_place), default=0.0)


class Proxy:
    """Listens on this machine alone."""

    def __init__(self, upstream: Api) -> None:
        self._upstream = upstream
        self._clients: dict[str, Client] = {}
        self._server: web.ServerRunner | None = None
        self.address = ""

    async def start(self) -> None:
        self._server = web.ServerRunner(
            web.Server(self._handle), access_log=None, handler_cancellation=True, shutdown_timeout=1
        )
        await self._server.setup()
        site = web.TCPSite(self._server, "127.0.0.1", 0)
        await site.start()
        assert self._server.addresses
        self.address = f"http://127.0.0.1:{self._server.addresses[0][1]}"

    async def close(self) -> None:
        if self._server is not None:
            await self._server.cleanup()

    def admit(self, client: Client) -> None:
        self._clients[client.token] = client

    def forget(self, client: Client) -> None:
        self._clients.pop(client.token, None)

    async def snapshot(self, client: Client) -> None:
        """Keep what each list that the operator has asked for would say now."""
        for where in list(client.lists):
            answer = await self._send("GET", where, None, {"Accept": "application/json"})
            client.lists[where] = answer.body

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        client = self._clients.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if client is None:
            return web.json_response({"kind": "Status", "code": 401, "message": "unknown token"}, status=401)
        call = call_of(request.method, request.path, request.query)
        if call.decides:
            client.last = time.monotonic()
        try:
            if call.verb == "watch":
                return await self._watch(request, client, call)
            return await self._once(request, client, call)
        except (Cut, aiohttp.ClientConnectionError):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)

    async def _once(self, request: web.BaseRequest, client: Client, call: Call) -> web.StreamResponse:
        where = request.path_qs
        data = await request.read() or None
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        if client.marked:
            client.writes += call.writes
            client.reads += call.reads
        if call.verb == "list":
            client.lists.setdefault(where, b"")

        seen = Seen(call)
        client.seen.append(seen)

        async def send() -> Answer:
            answer = await self._send(request.method, where, data, headers)
            seen.at, seen.status = time.monotonic(), answer.status
            client.leads |= call.renews and seen.took_place
            return answer

        async def forward() -> Answer:
            # what has been sent takes place, also where the operator that sent it is dead meanwhile
            return await asyncio.shield(asyncio.create_task(send()))

        answer = await client.fault.request(client, call, where, forward)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def _send(self, method: str, where: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        async with self._upstream.session.request(
            method, URL(self._upstream.server + where, encoded=True), data=data, headers=headers
        ) as answer:
            kept = {name: answer.headers[name] for name in _ANSWERED if name in answer.headers}
            return Answer(answer.status, await answer.read(), kept)

    async def _watch(self, request: web.BaseRequest, client: Client, call: Call) -> web.StreamResponse:
        if (instead := await client.fault.watch(client, call)) is not None:
            return web.Response(status=instead.status, body=instead.body, headers=instead.headers)
        url = URL(self._upstream.server + request.path_qs, encoded=True)
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        async with self._upstream.session.get(
            url, headers=headers, timeout=aiohttp.ClientTimeout(total=None)
        ) as answer:
            response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await response.prepare(request)
            with client.watches(call.resource):
                return await self._events(answer, response, client, call)

    async def _events(
        self, answer: aiohttp.ClientResponse, response: web.StreamResponse, client: Client, call: Call
    ) -> web.StreamResponse:
        async for line in lines(answer.content):
            if line.startswith(b'{"type":"BOOKMARK"'):
                await response.write(line + b"\n")
                continue
            if client.marked:
                client.events[call.resource] = client.events.get(call.resource, 0) + 1
            async for passed in client.fault.event(client, call, line):
                await response.write(passed + b"\n")
        await response.write_eof()
        return response


def status(code: int, reason: str, message: str, **headers: str) -> Answer:
    """An error as an API server words it."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    text = json.dumps({**body, "reason": reason, "code": code}).encode()
    return Answer(code, text, {"Content-Type": "application/json", **headers})
