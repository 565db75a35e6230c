"""Requests made to fill the server's memory, against a real one: it stays within the limit of a pod's server, says what
is wrong, and goes on answering another client."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import Pair, until

MIB = 1024 * 1024
# a pod's server may have 1 GiB, which the server also takes for its limit where there is none; the process itself, and
# what the kernel counts beside it, are in the rest
MOST = 900 * MIB
BODY = 60 * MIB
NOTHING, TIMES = b"[],", 63 * MIB // 3  # and put together where it is sent: it takes as much
ROUTES = [
    ("/predict", b'{"x":[%b]}'),
    ("/launch/predict", b'{"args":{"x":[%b]}}'),
    ("/v1/models/model:predict", b'{"instances":[%b]}'),
    ("/v2/models/model/infer", b'{"inputs":[%b]}'),
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(
        tmp_path_factory.mktemp("attacked") / "root",
        "def predict(x=None, **more):\n    return len(x) if isinstance(x, str) else 1\n",
    ) as pair:
        yield pair


def peak(pair: Pair) -> int:
    """Of the server's memory, since it was asked for last."""
    status = Path(f"/proc/{pair.server_pid}/status").read_text()
    most = int(status.split("VmHWM:")[1].split()[0]) * 1024
    Path(f"/proc/{pair.server_pid}/clear_refs").write_text("5")
    return most


@contextlib.contextmanager
def another_client(pair: Pair) -> Iterator[None]:
    """Whose requests are all answered meanwhile, whatever else is sent."""
    over = threading.Event()
    failed: list[object] = []
    count = 0

    def ask() -> None:
        nonlocal count
        while not over.is_set():
            try:
                answer = pair.predict(x="abc")
            except OSError as error:
                failed.append(error)
            else:
                count += 1
                if answer.json != 3:
                    failed.append(answer)
            over.wait(0.02)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    peak(pair)
    until(lambda: count, "the other client is answered before")
    yield
    before = count
    until(lambda: count > before + 1, "and after")
    over.set()
    thread.join()
    assert failed == []
    assert pair.server.poll() is None
    assert pair.worker.poll() is None
    assert peak(pair) < MOST


@pytest.mark.parametrize(("path", "body"), ROUTES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_body_of_nothing_but_values(pair: Pair, path: str, body: bytes) -> None:
    content = body % (NOTHING * TIMES + b"[]")
    compressed = gzip.compress(content, 6)
    assert len(compressed) < 100_000
    with another_client(pair):
        for answer in (
            pair.call("POST", path, content),
            pair.call("POST", path, compressed, content_encoding="gzip"),
        ):
            assert answer.status == 413
            assert b"send less in one request" in answer.body


def sends(pair: Pair, begin: bytes, piece: bytes, count: int, results: list[bytes]) -> socket.socket:
    """A client that begins a body and stops before its end, unless it is answered; the answers go to results."""
    connection = pair.open()
    connection.sendall(begin)

    def run() -> None:
        with contextlib.suppress(OSError):
            for _ in range(count):
                connection.sendall(piece)
        answer = b""
        with contextlib.suppress(OSError):
            connection.settimeout(5)
            while data := connection.recv(65536):
                answer += data
        results.append(answer)

    threading.Thread(target=run, daemon=True).start()
    return connection


def test_many_large_bodies_that_never_end(pair: Pair) -> None:
    begin = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % BODY
    results: list[bytes] = []
    with another_client(pair):
        connections = [sends(pair, begin, b" " * MIB, BODY // MIB - 1, results) for _ in range(20)]
        until(lambda: len(results) == len(connections), "all have sent what they do, or were refused")
        answers = [answer for answer in results if answer]
        assert len(answers) > len(results) / 2
        for answer in answers:
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: " in answer
            assert b'"MemoryFull"' in answer
        for connection in connections:
            connection.close()
        large = b'{"x":"%b"}' % (b"a" * 8 * MIB)
        until(lambda: pair.call("POST", "/predict", large).status == 200, "what they had is free again")


def test_millions_of_tiny_chunks(pair: Pair) -> None:
    begin = b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with another_client(pair):
        before = peak(pair)  # by now that is what it has kept of the tests before
        with pair.open() as connection:
            connection.sendall(begin)
            for _ in range(80):
                connection.sendall(b"2\r\nab\r\n" * 100_000)
            connection.sendall(b"0\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 "), "it was read to its end, and is not JSON"
        assert peak(pair) - before < 150 * MIB, "ten times the body; as many objects would be 430 MiB"


def test_between_the_reads_of_one_body_others_are_answered(pair: Pair) -> None:
    """uvloop would read it 8 MB at a time, half a second of such chunks: a readiness probe would wait too long."""
    over = threading.Event()
    answered = 0

    def ask() -> None:
        nonlocal answered
        while not over.is_set():
            answered += pair.call("GET", "/readyz").status == 200

    with pair.open() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        for _ in range(80):
            connection.sendall(b"2\r\nab\r\n" * 100_000)
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        over.set()
        thread.join()
    assert answered > 16, "it is 188 reads of 256 KB"


def test_a_hundred_thousand_requests_at_once_are_answered_in_turn(pair: Pair) -> None:
    probe = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    with another_client(pair), pair.open() as connection:
        thread = threading.Thread(target=connection.sendall, args=(probe * 100_000 + last,), daemon=True)
        thread.start()
        answers, at_the_end = 0, b""
        while data := connection.recv(1 << 20):
            answers += (at_the_end + data).count(b"HTTP/1.1 200 OK\r\n")
            at_the_end = data[-16:]  # less than what is counted
        thread.join()
    assert answers == 100_000


ECHO = "def predict(size):\n    return 'a' * size\n"


def test_large_answers_that_nobody_reads(served: Served) -> None:
    pair = served(ECHO)
    body = b'{"size": %d}' % (50 * MIB)
    request = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    connections = [pair.open() for _ in range(20)]
    begun: list[bytes] = []
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request)
        begun.append(connection.recv(12))
        assert peak(pair) < MOST
    assert begun == [b"HTTP/1.1 200"] * 20, "those that read last are disconnected for the next one"
    assert pair.metric("modelbundle_slow_readers_ended_total") >= 10
    for connection in connections:
        connection.close()
    until(lambda: len(pair.predict(size=MIB).json) == MIB, "what they left is free again")


@pytest.mark.parametrize(
    ("make", "length"),
    [
        (lambda: b"QUJD" * (15 * MIB), 60 * MIB),
        (lambda: b"1,[{:2" * (10 * MIB), 60 * MIB),
    ],
    ids=["base64", "full of marks"],
)
def test_a_large_string_is_an_ordinary_request(pair: Pair, make: Callable[[], bytes], length: int) -> None:
    with another_client(pair):
        assert pair.call("POST", "/predict", b'{"x":"%b"}' % make()).json == length


def test_millions_of_floats_are_an_ordinary_request(pair: Pair) -> None:
    floats = b",".join([b",".join(b"%.6f" % (number / 997) for number in range(1000))] * 3000)
    with another_client(pair):
        assert pair.call("POST", "/predict", b'{"x":[%b]}' % floats).json == 1
