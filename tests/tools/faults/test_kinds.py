"""Each fault through the proxy, on an API server of a few lines: what took place, and what the client saw."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tools.faults import kinds
from tools.faults.kinds import Event, Expire, Extent, Kill, Lose, Refuse
from tools.faults.proxy import Client, Fault, Proxy
from tools.testkit.rest import Api

SERVICES = "/api/v1/namespaces/ns/services"
ONE = f"{SERVICES}/one"


class Upstream:
    """Keeps what was written; its watch tells three events and ends."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.listed = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.query.get("watch"):
            events = [{"type": "MODIFIED", "object": {"number": number}} for number in (1, 2, 3)]
            return web.Response(body=b"".join(json.dumps(event).encode() + b"\n" for event in events))
        if request.method == "GET":
            self.listed += 1
            return web.json_response({"items": [self.listed]})
        self.written.append(f"{request.method} {request.path}")
        return web.json_response({"written": len(self.written)}, status=201)


class Behind:
    """A client behind the proxy."""

    def __init__(self, upstream: Upstream, proxy: Proxy, client: Client, session: aiohttp.ClientSession) -> None:
        self.upstream, self.proxy, self.client, self.session = upstream, proxy, client, session

    def meets(self, fault: Fault) -> None:
        self.client.mark()
        self.client.fault = fault

    async def ask(self, method: str, path: str, **query: str) -> tuple[int, Any]:
        async with self.session.request(method, self.proxy.address + path, params=query) as answer:
            return answer.status, await answer.json()

    async def watch(self) -> list[Any]:
        """Events until the watch ends, whichever way."""
        found: list[Any] = []
        async with self.session.get(self.proxy.address + SERVICES, params={"watch": "1"}) as answer:
            if answer.status != 200:
                return [answer.status]
            try:
                async for line in answer.content:
                    event = json.loads(line)
                    found.append(event["object"].get("number", event["object"].get("code")))
            except aiohttp.ClientError:
                found.append("cut")
        return found


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    upstream = Upstream()
    runner = web.ServerRunner(web.Server(upstream.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as out:
        proxy = Proxy(Api(out, address))
        await proxy.start()
        client = Client("token")
        proxy.admit(client)
        async with aiohttp.ClientSession(headers={"Authorization": "Bearer token"}) as session:
            yield Behind(upstream, proxy, client, session)
        await proxy.close()
    await runner.cleanup()


async def test_what_no_fault_meets_passes(behind: Behind) -> None:
    behind.meets(Fault())
    assert await behind.ask("PATCH", ONE) == (201, {"written": 1})
    assert await behind.watch() == [1, 2, 3]
    assert behind.client.events == {"services": 3}
    (write,) = [each for each in behind.client.seen if each.call.writes]
    assert (write.took_place, write.created) == (True, True)


async def test_a_stranger_is_not_let_through(behind: Behind) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer other"}) as session:
        answer = await session.get(behind.proxy.address + ONE)
        assert answer.status == 401
    assert behind.upstream.listed == 0


@pytest.mark.parametrize(("after", "written"), [(False, 1), (True, 2)])
async def test_it_is_killed_before_or_after_the_second_write(behind: Behind, after: bool, written: int) -> None:
    killed: list[int] = []

    async def kill() -> None:
        killed.append(len(behind.upstream.written))

    behind.client.kill = kill
    behind.meets(Kill(2, after=after))
    await behind.ask("PATCH", ONE)
    with pytest.raises(aiohttp.ClientError):
        await behind.ask("PATCH", ONE)
    assert killed == [written]
    await behind.ask("PATCH", ONE)
    assert len(behind.upstream.written) == written + 1, "it strikes once"


async def test_an_operator_that_starts_again_may_see_what_there_was(behind: Behind) -> None:
    async def kill() -> None:
        pass

    behind.client.kill = kill
    await behind.ask("GET", SERVICES)
    await behind.proxy.snapshot(behind.client)
    behind.meets(Kill(1, after=True, stale=True))
    with pytest.raises(aiohttp.ClientError):
        await behind.ask("PATCH", ONE)
    listed = [(await behind.ask("GET", SERVICES))[1]["items"] for _ in range(2)]
    assert listed == [[2], [3]], "the first list is the one of the mark, the next one is true"


@pytest.mark.parametrize("code", [409, 429, 500, 503])
async def test_a_refused_write_does_not_take_place(behind: Behind, code: int) -> None:
    behind.meets(Refuse(1, code))
    status, body = await behind.ask("PATCH", ONE)
    assert (status, body["code"], body["kind"]) == (code, code, "Status")
    assert behind.upstream.written == []
    assert (await behind.ask("PATCH", ONE))[0] == 201


async def test_reads_and_writes_are_refused_apart(behind: Behind) -> None:
    behind.meets(Refuse(1, 500, reads=True))
    assert (await behind.ask("PATCH", ONE))[0] == 201
    assert (await behind.ask("GET", ONE))[0] == 500
    assert (await behind.ask("GET", ONE))[0] == 200


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_write_takes_place_without_an_answer(behind: Behind, hangs: bool) -> None:
    behind.meets(Lose(1, hangs=hangs))
    with pytest.raises(TimeoutError if hangs else aiohttp.ClientError):
        async with asyncio.timeout(3):
            await behind.ask("PATCH", ONE)
    assert behind.upstream.written == [f"PATCH {ONE}"]
    assert [each.took_place for each in behind.client.seen] == [True]


@pytest.mark.parametrize(
    ("what", "seen"), [("drop", [1, 3]), ("delay", [1, 2, 3]), ("duplicate", [1, 2, 2, 3]), ("no such", [1, 2, 3])]
)
async def test_an_event(behind: Behind, what: str, seen: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "DELAY_SECONDS", 0.05)
    behind.meets(Event("services", 2, what))
    assert await behind.watch() == seen
    assert not behind.client.fault.armed


async def test_events_of_other_resources_pass(behind: Behind) -> None:
    behind.meets(Event("pods", 1, "drop"))
    assert await behind.watch() == [1, 2, 3]
    assert behind.client.fault.armed


async def test_a_watch_expires_within(behind: Behind) -> None:
    behind.meets(Expire("services", 2))
    assert await behind.watch() == [1, 2, 410, "cut"]
    assert await behind.watch() == [1, 2, 3]


async def test_a_watch_expires_as_it_begins_again(behind: Behind) -> None:
    behind.meets(Expire("services", 2, within=False))
    assert await behind.watch() == [1, 2, "cut"]
    assert await behind.watch() == [410]
    assert await behind.watch() == [1, 2, 3]


async def test_what_was_sent_takes_place_also_where_the_client_is_gone(behind: Behind) -> None:
    behind.meets(Fault())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await behind.ask("PATCH", ONE)
    asking = asyncio.create_task(behind.ask("PATCH", ONE))
    while not behind.client.seen:  # noqa: ASYNC110
        await asyncio.sleep(0)
    asking.cancel()
    async with asyncio.timeout(60):
        while not behind.client.last_write():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert behind.upstream.written == [f"PATCH {ONE}"]


def test_every_place_has_a_fault_of_every_kind() -> None:
    extent = Extent(writes=3, reads=2, events={"pods": 4, "services": 1})
    places = {kind: len(list(make(extent))) for kind, make in kinds.KINDS.items()}
    assert places == {
        "undisturbed": 1,
        "killed": 2 * 3,
        "killed, then stale lists": 3,
        "409 429 500 503": 4 * 3 + 2 * 2,
        "answer lost": 2 * 3,
        "event lost, late, twice": 3 * (4 + 1),
        "410": 2 * (3 + 1),
        "stale lists": 2 + 1,
    }
