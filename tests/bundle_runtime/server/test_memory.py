"""One budget for all connections: what is refused and how, and that nothing is left of it when the clients are gone."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from typing import Any, cast

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.container import DEFAULT_MEMORY_LIMIT_BYTES, memory_limit
from bundle_runtime.server.memory import BUDGET_MIN_BYTES, UNCOUNTED_MAX_BYTES, Memory, TooMuch
from bundle_runtime.server.worker.connection import WorkerConnection
from tests.bundle_runtime.server.client import Client, Transport, answered, bodies, turns

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("contents", "limit"),
    [
        ([str(512 * MIB)], 512 * MIB),
        (["max"], DEFAULT_MEMORY_LIMIT_BYTES),
        (["9223372036854771712"], DEFAULT_MEMORY_LIMIT_BYTES),  # how v1 writes that there is none
        (["max", "1000000"], 1_000_000),
        (["", "0"], DEFAULT_MEMORY_LIMIT_BYTES),
        ([], DEFAULT_MEMORY_LIMIT_BYTES),
    ],
)
def test_the_limit_is_the_containers_own(tmp_path: Any, contents: list[str], limit: int) -> None:
    files = [tmp_path / str(number) for number in range(3)]
    for file, content in zip(files, contents, strict=False):
        file.write_text(content + "\n")
    assert memory_limit(tuple(map(str, files))) == limit


def test_what_never_fits_is_another_refusal_than_what_does_not_fit_now() -> None:
    memory = Memory(1024 * MIB)
    with pytest.raises(TooMuch, match="send less in one request") as never:
        memory.needs(1024 * MIB, "the body")
    assert never.value.code == "BodyTooLarge"
    memory.arrives("a", 300 * MIB)
    with pytest.raises(TooMuch, match="send it again later") as now:
        memory.arrives("b", 300 * MIB)
    assert now.value.code == "MemoryFull"
    memory.release("a")
    memory.release("a")
    memory.arrives("b", 300 * MIB)
    assert memory.held == 300 * MIB


def test_a_small_container_has_a_budget_too() -> None:
    assert Memory(1).most == BUDGET_MIN_BYTES


def small_budget(client: Client) -> Memory:
    memory = client.server.memory
    memory.most, memory.most_arriving = 8 * MIB, 4 * MIB
    client.server.dispatcher.ready(lambda *_: None, 0)
    return memory


def begin(length: int, *, path: str = "/predict") -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n".encode()


def text(size: int) -> bytes:
    return b'{"x":"%b"}' % (b"a" * (size - 8))


async def test_bodies_that_do_not_end_keep_out_other_large_ones_and_no_small_one() -> None:
    client = Client()
    memory = small_budget(client)
    clients = []
    for _ in range(8):
        client.connect()
        clients.append((client.connection, client.transport))
        client.sends(begin(3 * MIB) + b" " * (1 * MIB))
    refused = [transport for _, transport in clients if transport.sent]
    assert 0 < len(refused) < len(clients)
    for transport in refused:
        assert transport.sent.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in transport.sent
        assert b'"MemoryFull"' in transport.sent
    assert client.server.counters.requests[(503, "MemoryFull")] == len(refused)
    client.connect()
    client.sends(begin(UNCOUNTED_MAX_BYTES) + text(UNCOUNTED_MAX_BYTES))
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert client.status == 200
    for connection, _ in clients:
        connection.connection_lost(None)
    assert (memory.held, memory.holders) == (0, {})
    client.connect()
    client.sends(begin(MIB) + text(MIB))
    assert client.status is None, "it is with the worker"
    assert memory.held >= MIB


async def test_a_large_body_that_trickles_keeps_its_place_only_while_there_is_room() -> None:
    client = Client()
    small_budget(client)
    client.sends(begin(3 * MIB) + b" " * 100_000)
    slow, transport = client.connection, client.transport
    client.waits(20)
    assert transport.sent == b"", "slow, and nobody minds"
    client.connect()
    client.sends(begin(3 * MIB) + b" " * MIB)
    client.waits(1)
    assert transport.sent.startswith(b"HTTP/1.1 408 ")
    assert client.transport.sent == b"", "the quick one goes on"
    slow.connection_lost(None)


async def test_a_body_of_tiny_chunks_is_kept_in_large_parts() -> None:
    client = Client()
    small_budget(client)
    client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    whole = text(200_000)
    for at in range(0, len(whole), 1000):
        client.sends(b"".join(b"2\r\n%b\r\n" % whole[at + n : at + n + 2] for n in range(0, 1000, 2)))
    connection = client.connection
    assert len(connection._parser._body._parts) < 50
    sent: list[bytes] = []
    client.server.dispatcher.ready(lambda kind, id, payload: sent.append(payload), 0)
    client.sends(b"0\r\n\r\n")
    assert [wire.unpack_fields(payload) for payload in sent] == [json.loads(whole)]


async def test_of_requests_that_came_at_once_few_are_parsed_ahead() -> None:
    client = Client()
    small_budget(client)
    health = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    client.sends(begin(2) + b"{}" + health * 5000)
    assert len(client.connection._queue) < 1000
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    for _ in range(2000):
        await asyncio.sleep(0)
    assert len(bodies(client)) == 5001
    assert client.server.memory.holders == {}


async def test_many_short_headers_are_too_many() -> None:
    client = Client()
    client.sends(b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 1000 + b"\r\n")
    assert client.status == 431
    assert len(client.connection._parser._headers) < 500


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n", b"more than one Host"),
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", b"Host"),
        (b"POST /predict HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"HTTP/1.0"),
    ],
)
async def test_a_request_that_two_readers_understand_differently_is_none(sent: bytes, says: bytes) -> None:
    client = Client()
    client.sends(sent)
    assert (client.status, client.transport.ended) == (400, "eof")
    assert says in client.transport.sent


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", b'{"x":[%b]}'),
        ("/launch/predict", b'{"args":{"x":[%b]}}'),
        ("/v1/models/m:predict", b'{"instances":[%b]}'),
        ("/v2/models/m/infer", b'{"inputs":[%b]}'),
    ],
)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
async def test_no_protocol_parses_what_there_is_no_memory_for(path: str, body: bytes, compressed: bool) -> None:
    client = Client()
    client.server.bundle.name = "m"
    memory = small_budget(client)
    content = body % (b"[]," * 200_000 + b"[]")
    head = begin(0, path=path).replace(b"content-length: 0", b"content-length: %d")
    if compressed:
        content = gzip.compress(content)
        head = head.replace(b"host: x", b"host: x\r\ncontent-encoding: gzip")
    client.sends(head % len(content) + content)
    await answered(client.transport)
    assert client.status == 413
    assert b"send less in one request" in client.transport.sent
    assert memory.holders == {}


async def test_a_body_that_grows_in_its_decompression_is_refused_as_it_grows() -> None:
    client = Client()
    memory = small_budget(client)
    content = gzip.compress(text(9 * MIB))
    head = begin(len(content)).replace(b"host: x", b"host: x\r\ncontent-encoding: gzip")
    client.sends(head + content)
    await turns(18)
    assert client.status == 413
    assert memory.holders == {}


@pytest.mark.parametrize(("size", "status"), [(MIB, 200), (5 * MIB, 500)])
async def test_an_answer_that_there_is_no_memory_for_is_not_kept(size: int, status: int) -> None:
    client = Client()
    memory = client.server.memory
    worker = WorkerConnection(client.server.link, cast(asyncio.AbstractEventLoop, client.clock))
    worker.connection_made(cast(asyncio.Transport, Transport()))
    worker.data_received(wire.pack_json(wire.HELLO, digest="sha256:0", nonce=worker.nonce))
    worker.data_received(wire.pack_json(wire.READY))
    memory.most = 8 * MIB
    client.sends(begin(2) + b"{}")
    answer = wire.pack(wire.RESPONSE, 1, b'"%b"' % (b"a" * size))
    for at in range(0, len(answer), 100_000):
        worker.data_received(answer[at : at + 100_000])
        assert worker._decoder.held <= memory.most / 2
    assert client.status == status
    assert (b"ResponseTooLarge" in client.transport.sent) == (status == 500)
    client.sends(begin(2) + b"{}")
    worker.data_received(wire.pack(wire.RESPONSE, 2, b"7"))
    assert bodies(client)[-1] == b"7", "it was the end of that request only"
    assert memory.holders == {}


class Unread(Transport):
    """Of a client that may not read."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0

    def write(self, data: bytes) -> None:
        super().write(data)
        self.unread += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unread


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_clients_and_worker_do_nothing_is_left(seed: int) -> None:
    chosen = random.Random(seed)
    client = Client()
    memory = small_budget(client)
    client.server.bundle.name = "m"
    sent: list[int] = []
    dispatcher = client.server.dispatcher
    dispatcher.ready(lambda kind, id, payload: sent.append(id), 0)
    open_ones: list[tuple[Any, Unread, list[bytes]]] = []

    def connect() -> None:
        client.connect()
        transport = Unread()
        client.connection._transport = cast(asyncio.Transport, transport)
        open_ones.append((client.connection, transport, []))

    def send(connection: Any, rest: list[bytes]) -> None:
        if not rest:
            size = chosen.choice([10, 1000, 70_000, MIB, 3 * MIB])
            path = chosen.choice(["/predict", "/launch/predict", "/v1/models/m:predict", "/nowhere"])
            head = begin(size, path=path)
            if chosen.random() < 0.2:
                head = head.replace(b"host: x", b"host: x\r\ncontent-encoding: gzip")
            whole = head + text(size) + b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * chosen.choice([0, 0, 1, 3000])
            cuts = sorted(chosen.sample(range(1, len(whole)), 3))
            rest += [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        connection.data_received(rest.pop(0))

    for _ in range(120):
        if not open_ones or chosen.random() < 0.1:
            connect()
        connection, transport, rest = chosen.choice(open_ones)
        does = chosen.random()
        if does < 0.6:
            if not connection._parser.is_dropping:
                send(connection, rest)
        elif does < 0.7 and sent:
            large = b'"%b"' % (b"a" * chosen.choice([1, 100_000]))
            dispatcher.answered(wire.Frame(wire.RESPONSE, sent.pop(0), large, wire.NO_TIME), "")
        elif does < 0.75:
            connection.pause_writing()
        elif does < 0.8:
            transport.unread = 0
            connection.resume_writing()
        elif does < 0.85:
            client.waits(40)
        elif does < 0.88:
            dispatcher.worker_lost()
            sent.clear()
            dispatcher.ready(lambda kind, id, payload: sent.append(id), 0)
        if transport.ended in ("closed", "aborted") or does > 0.93:
            connection.connection_lost(None)
            open_ones.remove((connection, transport, rest))
        await asyncio.sleep(0)
        assert memory.held == sum(memory.holders.values()) <= memory.most
    for connection, _, _ in open_ones:
        connection.connection_lost(None)
    assert (memory.held, memory.holders) == (0, {})
    assert (memory.small.total, memory.unread.total) == (0, 0)
