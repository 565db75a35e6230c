"""What a front must not get wrong, byte by byte on real connections."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bundle_spec.request_size import DEFAULT_REQUEST_BYTES
from tests.serving.conftest import serving
from tools.testkit.pair import Pair

ECHO = "def predict(x):\n    return x\n"
LIMIT = DEFAULT_REQUEST_BYTES


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("echo") / "root", ECHO) as pair:
        yield pair


def talk(pair: Pair, *pieces: bytes) -> bytes:
    """Sends the pieces and reads until the server closes."""
    with pair.open() as connection:
        for piece in pieces:
            connection.sendall(piece)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    got = b""
    while data := connection.recv(65536):
        got += data
    return got


def post(body: bytes, *headers: bytes, length: bool = True) -> bytes:
    lines = [b"POST /predict HTTP/1.1", b"host: x", *headers]
    if length:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join([*lines, b"", b""]) + body


CLOSE = b"connection: close"


def test_pipelined_requests_are_answered_in_order(echo: Pair) -> None:
    requests = b"".join(post(b'{"x": %d}' % number) for number in range(50))
    health = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    answers = talk(echo, requests + health + post(b'{"x": 99}', CLOSE))
    bodies = [part.split(b"\r\n\r\n", 1)[1] for part in answers.split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"%d" % number for number in range(50)] + [b'{"status":"ok"}', b"99"]


@pytest.mark.parametrize("cut", [1, 7, 64])
def test_a_request_may_arrive_in_any_pieces(echo: Pair, cut: int) -> None:
    request = post(b'{"x": "abc"}', CLOSE)
    answer = talk(echo, *[request[at : at + cut] for at in range(0, len(request), cut)])
    assert answer.endswith(b'\r\n\r\n"abc"')


def test_a_chunked_body(echo: Pair) -> None:
    chunks = b'5\r\n{"x":\r\n3\r\n 1}\r\n0\r\n\r\n'
    answer = talk(echo, post(b"", b"transfer-encoding: chunked", CLOSE, length=False) + chunks)
    assert answer.endswith(b"\r\n\r\n1")


def test_expect_100_continue(echo: Pair) -> None:
    request = post(b'{"x": 1}', b"expect: 100-continue", CLOSE)
    head, body = request[:-8], request[-8:]
    with echo.open() as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_all(connection).endswith(b"\r\n\r\n1")


def test_another_expectation_is_refused_before_the_body_is_sent(echo: Pair) -> None:
    answer = talk(echo, post(b"", b"expect: 200-ok", b"content-length: 8", length=False))
    assert answer.startswith(b"HTTP/1.1 417 ")
    assert b'"ExpectationFailed"' in answer
    assert b"connection: close" in answer


def test_a_body_over_the_limit_is_refused_before_it_is_sent(echo: Pair) -> None:
    for request in (
        post(b"", b"content-length: %d" % (LIMIT + 1), length=False),
        post(b"", b"expect: 100-continue", b"content-length: %d" % (LIMIT + 1), length=False),
        post(b"", b"transfer-encoding: chunked", length=False) + b"4000001\r\n" + b"x" * 0x4000001,
    ):
        answer = talk(echo, request)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b'"BodyTooLarge"' in answer
        assert b"connection: close" in answer


def test_the_answer_to_a_refused_body_arrives_while_the_client_still_sends(echo: Pair) -> None:
    with echo.open() as connection:
        connection.sendall(post(b"", b"content-length: %d" % (LIMIT + 1), length=False))
        try:
            for _ in range(50):
                connection.sendall(b"x" * 100_000)
        except OSError:
            pass
        assert connection.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET / HTTP/3.7\r\n\r\n", b"400"),
        (b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", b"400"),
        (b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 20_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n" + b"x: y\r\n" * 4_000 + b"\r\n", b"431"),
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_ends(echo: Pair, request_bytes: bytes, status: bytes) -> None:
    assert talk(echo, request_bytes).startswith(b"HTTP/1.1 " + status)


def test_a_header_that_never_ends_is_cut_off(echo: Pair) -> None:
    with echo.open() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx: ")
        try:
            for _ in range(100):
                connection.sendall(b"a" * 1000)
        except OSError:
            pass
        assert connection.recv(12) == b"HTTP/1.1 431"


def test_http_1_0_and_an_offer_of_http_2(echo: Pair) -> None:
    assert b"connection: close" in talk(echo, b"GET /healthz HTTP/1.0\r\n\r\n")
    offer = (b"connection: upgrade, http2-settings", b"upgrade: h2c", b"http2-settings: AAMAAABkAAQAAP__")
    answers = talk(echo, post(b'{"x": 1}', *offer) + post(b'{"x": 2}', CLOSE))
    assert [part.rsplit(b"\r\n", 1)[1] for part in answers.split(b"HTTP/1.1 200")[1:]] == [b"1", b"2"]


def test_a_large_answer_to_a_slow_reader_is_whole(echo: Pair) -> None:
    text = b"y" * 90_000
    with echo.open() as connection:
        connection.sendall(post(b'{"x": "%s"}' % text, CLOSE))
        got = b""
        while data := connection.recv(5000):
            got += data
    assert got.endswith(b'\r\n\r\n"%s"' % text)
