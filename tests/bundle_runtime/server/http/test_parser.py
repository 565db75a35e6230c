"""What bytes are a request, and what is behind one: upgrades, targets, trailers, chunks, heads without an end."""

from __future__ import annotations

import asyncio
import json

import pytest

from bundle_runtime.contract import wire
from tests.bundle_runtime.server.client import HEALTH, Client, bodies
from tools.testkit.cost import units


@pytest.mark.parametrize("cut", [1, 1000])
async def test_nothing_behind_a_connect_is_a_request(cut: int) -> None:
    client = Client()
    sent = b"CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n" + HEALTH
    for at in range(0, len(sent), cut):
        client.sends(sent[at : at + cut])
    assert (client.status, client.transport.ended, len(bodies(client))) == (404, "closed", 1)


async def test_any_number_of_offers_may_come_at_once() -> None:
    client = Client()
    offer = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    client.sends(offer * 2000)
    for _ in range(2000):
        await asyncio.sleep(0)
    assert bodies(client) == [b'{"status":"ok"}'] * 2000


@pytest.mark.parametrize("line", [b"\r\n", b"\n", b"\n" * 14 + b"\r\n\r\n"], ids=["empty", "LF", "both"])
async def test_empty_lines_before_a_request_are_read_as_quickly_as_they_come(line: bytes) -> None:
    client = Client()
    sent = line * (1_000_000 // len(line)) + HEALTH
    assert units(lambda: client.sends(sent)) < 1
    assert bodies(client) == [b'{"status":"ok"}']


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://m.models.svc/predict", 200),
        ("HTTP://m/predict?x=1", 200),
        ("https://user@m:8080/v1/models/m", 200),
        ("http://m", 200),
        ("http://m?x", 200),
        ("http://m/nowhere", 404),
        ("http:///predict", 404),
        ("ftp://m/predict", 404),
    ],
)
async def test_a_target_may_name_the_host(target: str, status: int) -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    method, body = ("POST", "{}") if "predict" in target else ("GET", "")
    client.sends(f"{method} {target} HTTP/1.1\r\nhost: other\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert client.status == status


@pytest.mark.parametrize(
    ("sent", "seconds", "refused"),
    [
        (b"no HTTP\r\n\r\n", 0, (400, "BadRequest")),
        (b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 10000001\r\n\r\n", 0, (413, "BodyTooLarge")),
        (b"POST /predict HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 20_000, 0, (431, "HeadersTooLarge")),
        (b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n", 31, (408, "RequestTooSlow")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
async def test_what_is_refused_before_it_is_read_is_counted(
    sent: bytes, seconds: int, refused: tuple[int, str]
) -> None:
    client = Client()
    client.sends(sent)
    client.waits(seconds)
    assert client.status == refused[0]
    assert dict(client.server.counters.requests) == {refused: 1}


HEAD = "POST /predict HTTP/1.1\r\n"
NO_HOST, TWO_HOSTS = "it has no Host header", "it has more than one Host header"


@pytest.mark.parametrize(
    ("head", "status", "says"),
    [
        ("GET /healthz HTTP/1.1\r\n", 400, NO_HOST),
        ("GET /healthz HTTP/1.1\r\nfrom: me\r\n", 400, NO_HOST),
        ("GET http://m/healthz HTTP/1.1\r\n", 400, NO_HOST),
        ("GET /healthz HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n", 400, NO_HOST),
        ("GET /healthz HTTP/1.1\r\nHost: m\r\nhost: m\r\n", 400, TWO_HOSTS),
        ("GET /healthz HTTP/1.1\r\nHOST: m\r\nfrom: me\r\n", 200, "ok"),
        ("GET /healthz HTTP/1.1\r\nHost:\r\n", 200, "ok"),
        ("GET /healthz HTTP/1.0\r\n", 200, "ok"),
        ("GET /healthz HTTP/1.0\r\nhost: m\r\nhost: m\r\n", 400, TWO_HOSTS),
    ],
)
async def test_a_request_names_one_host(head: str, status: int, says: str) -> None:
    client = Client()
    client.sends(f"{head}\r\n".encode())
    assert client.status == status
    assert says in client.transport.sent.decode()


@pytest.mark.parametrize("more", ["", "connection: keep-alive\r\n", "connection: close\r\n", "content-length: 2\r\n"])
@pytest.mark.parametrize("version", ["2.0", "0.9"])
async def test_a_version_that_is_not_spoken_is_named(version: str, more: str) -> None:
    client = Client()
    client.sends(
        f"GET /healthz HTTP/{version}\r\nhost: m\r\n{more}\r\n{'{}' if 'length' in more else ''}".encode() + HEALTH
    )
    assert (client.status, client.transport.ended) == (400, "eof")
    assert client.transport.sent.count(b"x-request-id: ") == 1
    assert f"it says HTTP/{version}: HTTP/1.1 and HTTP/1.0 are spoken here" in client.transport.sent.decode()


async def test_the_preface_of_http_2_has_words_of_its_own() -> None:
    client = Client()
    client.sends(HEALTH + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert client.transport.ended == "eof"
    assert "send it as HTTP/1.1" in client.transport.sent.decode()


@pytest.mark.parametrize("codings", ["gzip, chunked", "identity, chunked", "gzip\r\ntransfer-encoding: chunked"])
async def test_a_transfer_coding_that_is_not_known_is_said_before_the_body_is_read(codings: str) -> None:
    client = Client()
    client.sends(f"{HEAD}host: m\r\ntransfer-encoding: {codings}\r\n\r\n".encode())
    assert (client.status, client.transport.ended) == (501, "eof")
    assert "UnsupportedTransferCoding" in client.transport.sent.decode()


@pytest.mark.parametrize("codings", ["chunked", "Chunked", "\tchunked "])
async def test_chunked_alone_is_known_however_it_is_written(codings: str) -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(f"{HEAD}host: m\r\ntransfer-encoding: {codings}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode())
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert client.status == 200


CONTINUE = b"HTTP/1.1 100 Continue"


@pytest.mark.parametrize(
    ("head", "sent", "status"),
    [
        (b"HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2", CONTINUE, 100),
        (b"HTTP/1.1\r\nExpect: 100-Continue\r\ntransfer-encoding: chunked", CONTINUE, 100),
        (b"HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 2", b"", None),
        (b"HTTP/1.0\r\nexpect: other\r\ncontent-length: 2", b"", None),
        (b"HTTP/1.1\r\nexpect: other\r\ncontent-length: 2", b"ExpectationFailed", 417),
        (b"HTTP/1.1\r\nexpect: 100-continue, other\r\ncontent-length: 2", b"ExpectationFailed", 417),
        (b"HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 10000001", b"BodyTooLarge", 413),
        (b"HTTP/1.1\r\ncontent-length: 10000001\r\nexpect: 100-continue", b"BodyTooLarge", 413),
        (b"HTTP/1.1\r\ncontent-length: 10000001\r\norigin: https://a.example", b"BodyTooLarge", 413),
        (b"HTTP/1.1\r\nexpect: 100-continue\r\nhost: y\r\ncontent-length: 2", b"more than one Host", 400),
        (b"HTTP/1.1\r\nx: expect\r\naccept: 100-continue\r\ncontent-length: 2", b"", None),
    ],
)
async def test_what_is_expected_is_answered_before_the_body(head: bytes, sent: bytes, status: int | None) -> None:
    client = Client()
    client.sends(b"POST /predict %b\r\nhost: x\r\n\r\n" % head)
    assert client.status == status
    assert sent in client.transport.sent
    assert (CONTINUE in client.transport.sent) is (status == 100)


async def test_an_expectation_is_of_one_request() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    expecting = b"POST /predict HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    client.sends(expecting)
    client.sends(b"{}")
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n")
    assert client.transport.sent.count(CONTINUE) == 1


CHUNKED = b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"


async def test_a_trailer_says_nothing_about_the_request() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(CHUNKED + b"content-encoding: gzip\r\nx-request-id: other\r\n\r\n")
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert bodies(client) == [b"7"]
    assert b"x-request-id: other" not in client.transport.sent


@pytest.mark.parametrize("endless", [CHUNKED + b"x: ", CHUNKED[:-3] + b"1;x="], ids=["trailer", "extension"])
async def test_what_never_ends_behind_a_head_is_cut_off_too(endless: bytes) -> None:
    client = Client()
    client.sends(endless)
    for _ in range(100):
        client.sends(b"a" * 1000)
    assert (client.status, client.transport.ended) == (431, "eof")


async def test_small_chunks_are_no_endless_trailer() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    for byte in b"1\r\n \r\n" * 9000 + b"2\r\n{}\r\n0\r\n\r\n":
        client.sends(bytes((byte,)))
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert bodies(client) == [b"7"]


async def test_a_body_that_comes_with_its_head_is_one_part() -> None:
    client = Client()
    body = b'{"x":"%b"}' % (b"a" * 100_000)
    head = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    sent: list[bytes] = []
    client.server.dispatcher.ready(lambda kind, id, payload: sent.append(payload), 0)
    client.sends(head + body[:-1])
    assert client.connection._parser._body._parts == [body[:-1]]
    client.sends(body[-1:] + HEALTH * 3)
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    await asyncio.sleep(0)
    assert [wire.unpack_fields(payload) for payload in sent] == [json.loads(body)]
    assert bodies(client) == [b"7", *[b'{"status":"ok"}'] * 3]
