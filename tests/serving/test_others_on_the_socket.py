"""Processes of the worker's container that connect to the server as if they were the worker: clients get the worker's
answers, and the server's memory is its own."""

from __future__ import annotations

import contextlib
import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bundle_runtime.contract import wire
from tests.serving.conftest import Served, serving
from tests.serving.test_life import GATED, go, started
from tools.testkit.pair import PATIENCE, Pair, until

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("others") / "root", "def predict(x):\n    return x\n") as pair:
        yield pair


def connect(pair: Pair) -> tuple[socket.socket, str]:
    """And the nonce that the server greets with."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(str(pair.root / "socket/worker.sock"))
    (frame,) = wire.Decoder().feed(connection.recv(wire.HEADER_SIZE + wire.NONCE_SIZE))
    assert frame.kind == wire.GREETING
    return connection, frame.payload.hex()


def hello(pair: Pair, nonce: str) -> bytes:
    return wire.pack_json(wire.HELLO, digest=pair.digest, pid=1, python="3.8.1", maxConcurrency=1, nonce=nonce)


def flood(connection: socket.socket, header: bytes) -> None:
    """What a body would be, until the server has enough."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(header)
        for _ in range(250):
            connection.sendall(b" " * MIB)


def refusal(connection: socket.socket) -> str:
    """Why the server has ended it."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65536):
            said += data
    frames = wire.Decoder().feed(said)
    return str(json.loads(frames[-1].payload)["reason"]) if frames else "ended"


def is_well(pair: Pair) -> None:
    assert [pair.predict(x=number).json for number in range(5)] == [0, 1, 2, 3, 4]
    assert pair.worker_log.count("worker: loaded in") == 1


def test_floods_before_hello(pair: Pair) -> None:
    clear = Path(f"/proc/{pair.server_pid}/clear_refs")
    clear.write_text("5")
    status = Path(f"/proc/{pair.server_pid}/status")
    before = int(status.read_text().split("VmHWM:")[1].split()[0])
    for _ in range(5):
        connection, _ = connect(pair)
        with connection:
            flood(connection, wire.pack_header(wire.RESPONSE, 1, wire.MAX_BODY - 6 * MIB))
            assert refusal(connection) in ("ProtocolMismatch", "ended")
    after = int(status.read_text().split("VmHWM:")[1].split()[0])
    assert after - before < 16 * 1024, "KiB"
    is_well(pair)
    assert pair.metric("modelbundle_worker_restarts_total") == 0


@pytest.mark.parametrize("kind", [wire.RESPONSE, wire.ERROR, wire.ITEM, wire.END, wire.READY, wire.FAILED])
def test_answers_without_a_hello_are_none(pair: Pair, kind: int) -> None:
    payload = b"" if kind == wire.END else b'{"code": "no", "reason": "no", "message": "no"}'
    for _ in range(3):
        connection, _ = connect(pair)
        with connection:
            connection.sendall(b"".join(wire.pack(kind, id, payload) for id in range(50)))
            assert refusal(connection) == "ProtocolMismatch"
    is_well(pair)


def test_a_hello_that_read_no_greeting_or_anothers_is_refused(pair: Pair) -> None:
    first, nonce = connect(pair)
    second, _ = connect(pair)
    with first, second:
        for said in ("", "0" * 32, nonce):
            connection, _ = connect(pair)
            with connection:
                connection.sendall(hello(pair, said))
                assert refusal(connection) == "ProtocolMismatch"
        second.sendall(hello(pair, nonce))
        assert refusal(second) == "ProtocolMismatch"
    is_well(pair)
    assert pair.metric("modelbundle_worker_restarts_total") == 0


def test_a_hundred_that_say_nothing_keep_nobody_out(pair: Pair) -> None:
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(connect(pair)[0]) for _ in range(100)]
        is_well(pair)
        assert len(list(Path(f"/proc/{pair.server_pid}/fd").iterdir())) < 100
        assert {refusal(connection) for connection in many} == {"ended"}, "after some seconds the newest too"
    assert pair.metric("modelbundle_worker_restarts_total") == 0


def test_one_that_takes_the_workers_place_answers_for_nobody_once_the_worker_is_back(served: Served) -> None:
    """It can say hello as the worker does: both are processes of one container. What is current is the last one."""
    pair = served(GATED)
    running = started(pair, "a")
    connection, nonce = connect(pair)
    with connection:
        connection.sendall(hello(pair, nonce))
        assert running.answer().code == "WorkerDied", "what the other had is not left to this one"
        until(lambda: "takes the place of worker 1" in pair.server_log, "the worker connects again")
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"".join(wire.pack(wire.RESPONSE, id, b'"mine"') for id in range(50)))
        go(pair)
        pair.wait_ready()
        assert pair.predict(root="").json == 2
    assert pair.worker_log.count("worker: loaded in") == 1


def test_who_may_connect_to_the_sockets(served: Served) -> None:
    pair = served(GATED)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in Path(pair.root / "socket").iterdir()}
    assert modes == {"worker.sock": 0o770}, "all that the worker's container has"
    assert stat.S_IMODE((pair.root / "drain.sock").stat().st_mode) == 0o600


def test_a_worker_of_another_digest_is_refused(served: Served) -> None:
    pair = served(GATED)
    pair.digest = "sha256:" + "0" * 64
    pair.start_worker()
    assert pair.worker.wait(PATIENCE) == 1
    # its own check of the document and the server's refusal: whichever comes first
    assert "DigestMismatch" in pair.worker_log or "BundleDocumentMismatch" in pair.worker_log
    assert pair.predict(root="").json == 1, "the worker that was there still serves"
