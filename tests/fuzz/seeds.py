"""Inputs to begin from, one for each thing that has a rule: a fuzzer finds the rest from these."""

from __future__ import annotations

import gzip
import json
import struct

from bundle_runtime.contract import wire
from tests.fuzz import bodies, server_frames, worker_frames
from tests.fuzz.frames import packed
from tests.fuzz.one_process import HELLO, MODEL, json_bytes
from tests.fuzz.requests import ODD


def _request(first: str, *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    lines = [first + " HTTP/1.1", "host: x", *headers]
    if length and body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _infer(inputs: list[dict[str, object]], rest: bytes = b"", *headers: str, **more: object) -> bytes:
    text = json_bytes({"inputs": inputs, **more})
    said = (f"inference-header-content-length: {len(text)}",) if rest else ()
    return _request(f"POST /v2/models/{MODEL}/infer", *said, *headers, body=text + rest)


def _tensor(
    datatype: str, shape: list[int], data: object = None, size: int | None = None, **parameters: object
) -> dict:
    entry: dict[str, object] = {"name": "x", "datatype": datatype, "shape": shape}
    if data is not None:
        entry["data"] = data
    if size is not None:
        parameters["binary_data_size"] = size
    return {**entry, "parameters": parameters} if parameters else entry


X = b'{"x": 1}'
CHUNKED = b'3;ext=1\r\n{"x\r\n5\r\n": 1}\r\n0\r\n\r\n'
HTTP = (
    _request("POST /predict", body=X),
    _request("POST /predict", body=X) * 3,
    _request("POST /predict", body=b'{"stream": [1, "a", null]}'),
    _request("POST /predict", "accept: text/event-stream", body=b'{"stream": [1, 2]}') + _request("GET /healthz"),
    _request("POST /predict", "accept: application/x-ndjson", body=b'{"stream": []}'),
    _request("POST /predict", "transfer-encoding: chunked", body=CHUNKED, length=False),
    _request(
        "POST /predict",
        "transfer-encoding: chunked",
        body=b"8\r\n" + X + b"\r\n0\r\nx-request-id: t\r\ncontent-encoding: gzip\r\ncontent-length: 99999999\r\n\r\n",
        length=False,
    ),
    _request("POST /predict", "content-length: 8", "transfer-encoding: chunked", body=b"0\r\n\r\n", length=False),
    _request("POST /predict", "content-length: 8", "content-length: 9", body=X, length=False),
    _request("POST /predict", "content-length: 8", "content-length: 8", body=X, length=False),
    _request("POST /predict", "transfer-encoding: chunked, identity", body=b"0\r\n\r\n", length=False),
    _request("POST /predict", "transfer-encoding: xchunked", body=b"0\r\n\r\n", length=False),
    _request("POST /predict", "content-length: +8", body=X, length=False),
    _request("POST /predict", "content-length: 8 ", body=X, length=False),
    _request("POST /predict", "content-length : 8", body=X, length=False),
    _request("POST /predict", "x: a\r\n b", body=X),
    _request("POST /predict", body=X).replace(b"\r\n", b"\n"),
    _request("POST /predict", body=X).replace(b"\r\n", b"\r"),
    _request("GET /healthz", "x: " + "a" * 15_000),
    _request("GET /healthz", *["x: y"] * 4000),
    _request("GET /" + "a" * 17_000),
    _request("GET /healthz", "expect: 100-continue"),
    _request("POST /predict", "expect: 100-continue", body=X),
    _request("POST /predict", "connection: upgrade, http2-settings", "upgrade: h2c", body=X) * 2,
    _request("POST /predict", "content-length: 99999999", body=X, length=False),
    _request("POST /predict", "traceparent: 00-" + "1" * 32 + "-" + "2" * 16 + "-01", body=X),
    _request("POST /predict", "content-encoding: gzip", body=gzip.compress(X, mtime=0)),
    _request("POST /predict", "content-encoding: gzip", body=gzip.compress(X, mtime=0) * 2),
    _request("POST /predict", "content-encoding: deflate", body=X),
    _request("POST /predict", "content-encoding: br", body=X),
    _request("POST /predict", "content-encoding: gzip", body=gzip.compress(b" " * 70_000, mtime=0)),
    _request("POST /launch/predict", body=b'{"args": {"x": 1}}'),
    _request(f"POST /v1/models/{MODEL}:predict", body=b'{"instances": [{"x": 1}, {"x": "a"}]}'),
    _request(f"POST /v1/models/{MODEL}:predict", "accept-encoding: gzip", body=b'{"instances": [1, [2]]}'),
    _request("GET /v2") + _request(f"GET /v2/models/{MODEL}") + _request("HEAD /v2/health/ready"),
    _request("CONNECT x:80") + _request("GET /healthz"),
    _request("OPTIONS *") + _request("DELETE /predict"),
    b"GET /healthz HTTP/1.0\r\n\r\n" + _request("GET /healthz"),
    b"POST /predict HTTP/1.0\r\ncontent-length: 15\r\nconnection: keep-alive\r\n\r\n" + b'{"stream": [1]}',
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n" + _request("GET /openapi.json") + _request("GET /docs"),
    _infer([_tensor("INT64", [1], [1])]),
    *(_infer([{**_tensor("INT64", [], [number]), "name": "odd"}]) for number in range(len(ODD))),
    *(_request("POST /predict", body=b'{"odd": %d}' % number) for number in range(len(ODD))),
    *(_request("POST /launch/predict", body=b'{"args": {"odd": %d}}' % number) for number in range(len(ODD))),
    _infer([_tensor("FP32", [2, 2], [[1, 2], [3, 4.5]])], id="a"),
    _infer([_tensor("FP32", [2], size=8)], struct.pack("<2f", 1, 2), parameters={"binary_data_output": True}),
    _infer([_tensor("BYTES", [1], size=7)], struct.pack("<I", 3) + b"abc", outputs=[{"name": "x"}]),
    _infer([_tensor("BYTES", [1], ['{"a": 1}'], content_type="application/json")]),
    _infer([_tensor("BYTES", [2], ["YQ==", "Yg=="], content_type="base64")]),
    _infer([_tensor("BF16", [2], [1, 2]), {**_tensor("BOOL", [], [True]), "name": "y"}]),
    _infer([_tensor("FP64", [0, 3], [])]),
    _infer([_tensor("UINT8", [3], size=3)], b"abc", "accept-encoding: gzip"),
)  # fmt: skip
REQUESTS = tuple(bytes((bundle, cut)) + data for data in HTTP for bundle, cut in ((0, 1), (1, 7), (2, 2), (3, 3)))

_TENSOR_BODIES = (
    ([_tensor("INT64", [1], [1])], b""),
    ([_tensor("INT64", [], [3])], b""),
    ([_tensor("FP32", [2, 2], [[1, 2], [3, 4.5]])], b""),
    ([_tensor("FP32", [2], size=8)], struct.pack("<2f", 1, 2)),
    ([_tensor("BYTES", [1], size=7)], struct.pack("<I", 3) + b"abc"),
    ([_tensor("BYTES", [1], ['{"a": 1}'], content_type="application/json")], b""),
    ([_tensor("BYTES", [2], ["YQ==", "Yg=="], content_type="base64")], b""),
    ([_tensor("BF16", [2], [1, 2]), {**_tensor("BOOL", [], [True]), "name": "y"}], b""),
    ([_tensor("FP64", [0, 3], [])], b""),
    ([_tensor("UINT8", [3], size=3), {**_tensor("FP16", [1], size=2), "name": "y"}], b"abc" + struct.pack("<e", 1)),
    *(([{**_tensor("INT64", [], [number]), "name": "odd"}], b"") for number in range(len(ODD))),
)
_JSON_BODIES = (
    (0, X),
    (0, b'{"x": 1.5, "y": ["a", {"b": null}], "deep": [[[[]]]]}'),
    (0, b'{"stream": [1, "a"]}'),
    (1, b'{"args": {"x": 1}}'),
    (1, b'{"args": {"stream": [1]}, "url": null}'),
    (2, b'{"instances": [{"x": 1}, {"x": 2, "fail": 1}]}'),
    (2, b'{"instances": [1, "a"]}'),
    *((0, b'{"odd": %d}' % number) for number in range(len(ODD))),
    *((1, b'{"args": {"odd": %d}}' % number) for number in range(len(ODD))),
    *((2, b'{"instances": [{"odd": %d}]}' % number) for number in range(len(ODD))),
)
BODIES = (
    *(bodies.packed(bundle, route, 0, 0, body) for route, body in _JSON_BODIES for bundle in range(4)),
    *(bodies.packed(0, route, choice, 0, body) for route, body in _JSON_BODIES[:7] for choice in (2, 4, 26)),
    *(
        bodies.packed(bundle, bodies.INFER, choice, len(json_bytes(said)), json_bytes(said) + rest)
        for inputs, rest in _TENSOR_BODIES
        for said in ({"inputs": inputs}, {"inputs": inputs, "id": "a", "parameters": {"binary_data_output": True}})
        for bundle, choice in ((0, 1), (1, 1), (2, 27), (3, 3))
    ),
)

_PIECES = wire.pack_headed(
    {"pieces": [{"size": 6}, {"size": 16, "datatype": "FP64", "shape": [2]}, {"size": 1}]},
    b'{"x": ' + struct.pack("<2d", 1, 2) + b"}",
)
_TENSORS = wire.pack_headed(
    {"single": False, "outputs": [{"name": "x", "datatype": "INT64", "shape": [1], "form": "array", "size": 8}]},
    struct.pack("<q", 1),
)
_ERROR = json.dumps({"code": "PredictFailed", "message": "no"}).encode()
_SAID = (
    ((wire.RESPONSE, 1, X), (wire.ITEM, 2, b"1"), (wire.ITEM, 2, b"2"), (wire.END, 2, b"")),
    ((wire.PIECES, 1, _PIECES), (wire.ERROR, 2, _ERROR), (wire.RESPONSE, 3, _TENSORS)),
    ((wire.RESPONSE, 1, X), (wire.RESPONSE, 2, X), (wire.RESPONSE, 3, _TENSORS), (wire.RESPONSE, 4, b"[" + X + b"]")),
    ((wire.RESPONSE, 5, X), (wire.RESPONSE, 4, b"[1]"), (wire.HEARTBEAT, 0, b"")),
    ((wire.HEARTBEAT, 3, b""), (wire.METRICS, 0, b'# TYPE a gauge\na{b="c"} 1.0\n\xff'), (wire.HEARTBEAT, 2, b"")),
    ((wire.ERROR, 1, b'{"code": "PredictFailed", "message": "no", "traceback": ["x"]}'), (wire.METRICS, 0, b"")),
    ((wire.ITEM, 1, b"1"), (wire.ERROR, 1, _ERROR), (wire.END, 2, b"")),
    ((wire.HELLO, 0, json_bytes(HELLO)), (wire.READY, 0, json_bytes({"seconds": {"load": 1.5}, "maxBatch": 0}))),
    ((wire.HELLO, 0, json_bytes(HELLO)), (wire.FAILED, 0, json_bytes({"reason": "LoadFailed", "message": "no"}))),
    ((wire.HELLO, 0, b'{"digest": "other"}'),),
)
WORKER_FRAMES = tuple(
    bytes((start, cut)) + packed(worker_frames.KINDS, *frames)
    for frames in _SAID
    for start, cut in ((0, 0), (2, 1), (3, 0), (6, 3), (10, 2), (18, 1))
)

_CALLS = (
    wire.pack_headed({"as": "fields", "trace": {"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"}}, X),
    wire.pack_headed({"as": "fields", "whole": True}, b'{"stream": [1]}'),
    wire.pack_headed({"as": "instances"}, b"[" + X + b"]"),
    wire.pack_headed(
        {"as": "tensors", "tensors": [{"name": "x", "datatype": "FP32", "shape": [2], "form": "array", "size": 8}]},
        struct.pack("<2f", 1, 2),
    ),
    wire.pack_headed(
        {"as": "tensors", "tensors": [{"name": "x", "datatype": "BYTES", "shape": [1], "form": "json", "size": 7}]},
        struct.pack("<I", 3) + b"[1]",
    ),
)
_ASKED = (
    ((wire.REQUEST, 1, X), (wire.REQUEST, 2, b'{"stream": [1, 2]}'), (wire.CREDIT, 2, wire.credit(9))),
    ((wire.REQUEST, 1, X), (wire.CANCEL, 1, b""), (wire.CREDIT, 1, b"")),
    tuple((wire.CALL, id, payload) for id, payload in enumerate(_CALLS)),
    ((wire.BATCH, 1, wire.pack_batch([(1, X), (2, b'{"fail": 1}')])), (wire.CANCEL, 2, b"")),
    ((wire.SCRAPE, 0, b""), (wire.REQUEST, 1, X), (wire.SCRAPE, 0, b"")),
    ((wire.CLOSE, 0, b""),),
    ((wire.CLOSE, 0, b'{"reason": "DigestMismatch", "message": "no"}'),),
)  # fmt: skip
SERVER_FRAMES = tuple(bytes((bundle,)) + packed(server_frames.KINDS, *frames) for frames in _ASKED for bundle in (0, 1))
