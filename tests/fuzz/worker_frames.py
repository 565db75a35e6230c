"""What a worker may say to the server's link while clients wait for it.

The first byte of an input says what the worker has said before, the second how its frames are cut. Whatever they are:
no exception leaves the link, a peer that breaks the protocol is sent the reason and disconnected, and every client gets
one answer.
"""

from __future__ import annotations

from bundle_runtime.contract import wire
from tests.fuzz.cuts import pieces
from tests.fuzz.frames import stream
from tests.fuzz.http_answers import parse
from tests.fuzz.one_process import HELLO, LONG_SECONDS, MODEL, Client, Runtime, json_bytes
from tests.fuzz.requests import BUNDLES

KINDS = (
    wire.RESPONSE, wire.ERROR, wire.PIECES, wire.ITEM, wire.END, wire.HELLO, wire.READY, wire.FAILED, wire.HEARTBEAT,
    wire.REQUEST, wire.METRICS,
)  # fmt: skip


def _post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: x", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


# their ids are 1, 2, 3 and so on; the last ones wait in the queue
REQUESTS = (
    _post("/predict", b'{"x": 1}'),
    _post("/predict", b'{"x": 2}', "accept: text/event-stream"),
    _post(
        f"/v2/models/{MODEL}/infer",
        json_bytes({"inputs": [{"name": "x", "datatype": "INT64", "shape": [1], "data": [1]}]}),
    ),
    _post(f"/v1/models/{MODEL}:predict", b'{"instances": [{"x": 1}]}'),
    _post("/launch/predict", b'{"args": {"x": 1}}'),
    b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n",
)
RESPONSES = {"responseSchema": {"type": ["integer", "object"], "properties": {"x": {"type": "integer"}}}}


def check(data: bytes) -> None:
    if len(data) < 2:
        return
    start = data[0] % 4
    document = {**BUNDLES[0][0], **(RESPONSES if data[0] & 4 else {})}
    with Runtime(document) as runtime:
        _check(runtime, start, data)


def _check(runtime: Runtime, start: int, data: bytes) -> None:
    if start:
        runtime.link.data_received(wire.pack_json(wire.HELLO, **HELLO))
    if start >= 2:
        runtime.link.data_received(wire.pack_json(wire.READY, seconds={"load": 1.0}, maxBatch=4 * (start - 2)))
    if start and data[0] & 16:  # it has metrics: a scrape waits for it
        runtime.link.data_received(wire.pack(wire.HEARTBEAT, wire.HAS_PROMETHEUS))
    clients = [_asks(runtime, request) for request in REQUESTS]
    runtime.settle()
    fed = 0
    for piece in pieces(stream(data[2:], KINDS), data[1]):
        if runtime.link_transport.ended:
            break
        fed += len(piece)
        runtime.link.data_received(piece)
        runtime.settle()
        assert runtime.link._decoder.held <= fed
    if runtime.link_transport.ended:
        assert _last_frame(runtime).kind == wire.CLOSE, "the worker was disconnected without a reason"
    if data[0] & 8:
        runtime.wait(LONG_SECONDS)  # the deadlines end what is left, or else the loss of the worker
    runtime.link_transport.close()
    runtime.wait(LONG_SECONDS)
    for client in clients:
        answers = parse(bytes(client.transport.sent), client.methods)
        assert len(answers) == 1, answers
        assert client.transport.ended
    runtime.check_nothing_is_left()


def _asks(runtime: Runtime, request: bytes) -> Client:
    client = runtime.client()
    client.transport.feed([request])
    return client


def _last_frame(runtime: Runtime) -> wire.Frame:
    decoder = wire.Decoder()
    return decoder.feed(bytes(runtime.link_transport.sent))[-1]
