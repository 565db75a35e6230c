"""A server or a worker that does not keep to docs/reference/wire.md: the other says so, closes, goes on."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.link import Link
from tests.fuzz import server_frames
from tests.fuzz.frames import packed
from tests.fuzz.http_answers import Answer, parse
from tests.fuzz.one_process import HELLO, LONG_SECONDS, MODEL, WORKER, Client, Runtime

DEEP = b'{"a":' * 100_000


def connected(document: dict[str, Any] | None = None) -> Runtime:
    runtime = Runtime(document or {})
    runtime.link.data_received(wire.pack_json(wire.HELLO, **HELLO))
    return runtime


def ready(max_batch: int, document: dict[str, Any] | None = None) -> Runtime:
    runtime = connected(document)
    runtime.link.data_received(wire.pack_json(wire.READY, seconds={}, maxBatch=max_batch))
    return runtime


def asks(runtime: Runtime, path: str, body: bytes) -> Client:
    client = runtime.client()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    client.transport.feed([head.encode() + body])
    return client


def answer(client: Client) -> Answer:
    (found,) = parse(bytes(client.transport.sent), client.methods)
    return found


def code(client: Client) -> str:
    error = json.loads(answer(client).body)["error"]
    return str(error["code"] if isinstance(error, dict) else error.partition(":")[0])


def last_frame(runtime: Runtime) -> wire.Frame:
    return wire.Decoder().feed(bytes(runtime.link_transport.sent))[-1]


@pytest.mark.parametrize("max_batch", [0, 4])
@pytest.mark.parametrize(
    ("path", "body", "kind", "payload"),
    [
        ("/predict", b"{}", wire.ERROR, b'{"message": ' + b"[" * 100_000),
        ("/predict", b"{}", wire.PIECES, b"no head"),
        ("/predict", b"{}", wire.PIECES, wire.pack_headed({"pieces": [{"size": 0, "datatype": "FP64"}]}, b"")),
        ("/launch/predict", b'{"args": {}}', wire.RESPONSE, b"\xff"),
        (f"/v2/models/{MODEL}/infer", b'{"inputs": []}', wire.RESPONSE, b""),
        (f"/v2/models/{MODEL}/infer", b'{"inputs": []}', wire.RESPONSE, wire.pack_headed({"outputs": [1]}, b"")),
        (f"/v2/models/{MODEL}/infer", b'{"inputs": []}', wire.RESPONSE, b"\xff\xff" + DEEP),
    ],
)
def test_an_answer_that_cannot_be_read_is_told_to_its_client_and_is_nobody_elses_end(
    path: str, body: bytes, kind: int, payload: bytes, max_batch: int
) -> None:
    runtime = ready(max_batch)
    client, other = asks(runtime, path, body), asks(runtime, "/predict", b"{}")
    runtime.link.data_received(wire.pack(kind, 1, payload))
    runtime.settle()
    assert (answer(client).status, code(client)) == (500, "InternalError")
    runtime.link.data_received(wire.pack(wire.RESPONSE, 2, b"7"))
    runtime.settle()
    assert answer(other).body == b"7"
    assert runtime.server.link.loaded
    runtime.wait(LONG_SECONDS)
    runtime.check_nothing_is_left()


def test_a_prediction_that_is_nested_too_deeply_breaks_the_schema_for_its_client_alone() -> None:
    runtime = ready(0, {"responseSchema": {"type": "integer"}})
    client, other = asks(runtime, "/predict", b"{}"), asks(runtime, "/predict", b"{}")
    runtime.link.data_received(wire.pack(wire.RESPONSE, 1, b"[" * 500 + b"]" * 500))
    runtime.link.data_received(wire.pack(wire.RESPONSE, 2, b"7"))
    runtime.settle()
    assert (answer(client).status, code(client)) == (500, "ResponseSchemaViolation")
    assert answer(other).body == b"7"


@pytest.mark.parametrize(
    "fields",
    [
        {"seconds": {"load": "soon"}},
        {"seconds": 3},
        {"seconds": {}, "maxBatch": "x"},
        {"maxBatch": float("inf")},
        {"fields": {"needs": 3}},
    ],
    ids=str,
)
def test_a_ready_that_cannot_be_read_is_none(fields: dict[str, Any]) -> None:
    runtime = connected()
    runtime.link.data_received(wire.pack_json(wire.READY, **fields))
    assert wire.unpack_json(last_frame(runtime))["reason"] == "ProtocolMismatch"
    assert not runtime.server.link.loaded


def test_a_stream_that_cannot_be_passed_on_is_ended_on_both_sides() -> None:
    runtime = ready(0)
    client, other = asks(runtime, "/predict", b"{}"), asks(runtime, "/predict", b"{}")

    def full(_: bytes) -> None:
        raise MemoryError

    client.transport.write = full  # type: ignore[assignment,method-assign]
    runtime.link.data_received(wire.pack(wire.ITEM, 1, b"1") + wire.pack(wire.RESPONSE, 2, b"7"))
    runtime.settle()
    assert client.transport.ended
    assert (last_frame(runtime).kind, last_frame(runtime).id) == (wire.CANCEL, 1)
    assert answer(other).body == b"7"


HALF = "no such file: caf\udce9"
SAID = "no such file: caf?"


def test_the_words_of_an_error_need_not_be_unicode() -> None:
    runtime = ready(0)
    client = asks(runtime, "/predict", b"{}")
    runtime.link.data_received(wire.pack_json(wire.ERROR, 1, code="PredictFailed", message=HALF))
    assert (answer(client).status, code(client)) == (500, "PredictFailed")
    assert json.loads(answer(client).body)["error"]["message"] == SAID


def test_the_words_of_a_failure_and_of_a_greeting_need_not_be_unicode() -> None:
    runtime = Runtime({})
    runtime.link.data_received(wire.pack_json(wire.HELLO, **{**HELLO, "python": HALF, "pid": HALF}))
    runtime.link.data_received(wire.pack_json(wire.FAILED, reason=HALF, message=HALF))
    assert (status(runtime, "/readyz"), status(runtime, "/internal/worker/started")) == (503, 503)
    assert runtime.server.link.failure == {"reason": SAID, "message": SAID}
    runtime.link.data_received(wire.pack_json(wire.READY, seconds={HALF: 1.0}, fields={HALF: [HALF]}))
    for path in ("/", "/readyz", "/metrics", "/openapi.json", "/docs", "/predict"):
        assert status(runtime, path) in (200, 405)


def status(runtime: Runtime, path: str) -> int:
    client = runtime.client()
    client.transport.feed([f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()])
    return answer(client).status


def test_a_failure_may_have_no_words() -> None:
    runtime = connected()
    runtime.link.data_received(wire.pack_json(wire.FAILED, reason="LoadFailed", message=""))
    assert runtime.server.link.failure == {"reason": "LoadFailed", "message": ""}


@pytest.mark.parametrize("payload", [DEEP, b"[" * 100_000])
def test_a_payload_may_be_nested_as_deeply_as_it_likes(payload: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack_json(wire.Frame(wire.ERROR, 1, payload, wire.NO_TIME))
    with pytest.raises(wire.WireError):
        wire.unpack_headed(len(payload).to_bytes(4, "big") + payload)


@pytest.mark.parametrize(
    "frame",
    [wire.pack(wire.CREDIT, 1, b"x"), wire.pack(wire.CLOSE, 0, b"no JSON"), b"\0" * wire.HEADER_SIZE],
    ids=["credit", "close", "noise"],
)
def test_a_worker_connects_again_after_a_server_that_breaks_the_protocol(tmp_path: Path, frame: bytes) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        link = Link(path, WORKER)
        link.start()
        for _ in range(2):
            server, _ = listening.accept()
            with server:
                server.settimeout(60)
                server.sendall(wire.pack(wire.GREETING, 0, bytes(wire.NONCE_SIZE)))
                assert wire.Decoder().feed(server.recv(65536))[0].kind == wire.HELLO
                assert link.connected.wait(60)
                link.flow(link._connection, 1)  # type: ignore[arg-type]  # a stream, for the credit to mean something
                server.sendall(frame)
                assert server.recv(65536) == b""  # ended by the worker, before its first heartbeat
        assert any(thread.name == "modelbundle-link" for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (wire.REQUEST, b""),
        (wire.REQUEST, b"[1]"),
        (wire.CALL, b""),
        (wire.CALL, wire.pack_headed({}, b"{}")),
        (wire.CALL, wire.pack_headed({"as": "tensors", "tensors": [{"size": 1}]}, b"x")),
        (wire.CALL, wire.pack_headed({"as": "instances"}, b"3")),
        (wire.BATCH, b"\0\0\0\1"),
        (wire.BATCH, wire.pack_batch([(1, b"")])),
    ],
)
def test_a_request_that_cannot_be_read_is_an_error_and_not_the_workers_end(kind: int, payload: bytes) -> None:
    for predictor in (b"\0", b"\1"):  # one by one, and in batches
        frames = packed(server_frames.KINDS, (kind, 1, payload), (wire.REQUEST, 2, b'{"x": 1}'))
        server_frames.check(predictor + frames)
