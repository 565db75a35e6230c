"""What is asked of every server: the rows of the benchmark, and how each protocol puts them."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools.benchmarks.serving.apps import functions

JSON = {"Content-Type": "application/json"}
IMAGE = [224, 224, 3]
EVENTS = 200
FLOATS = 10_000
# what a caller that traces sends; all servers get it
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


@dataclass(frozen=True)
class Case:
    """One request; `expected` is the value, and `needle` the text of it that each answer must have in it."""

    row: str
    function: str
    fields: dict[str, Any]
    expected: Any
    needle: str
    clients: int
    raw: bytes = b""
    events: int = 0


@dataclass(frozen=True)
class Ask:
    """A case as one server takes it; `value` finds the result in the answer's body."""

    path: str
    body: bytes
    value: Callable[[bytes], Any]
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))


class NotOffered(Exception):
    """The server has no such thing, in its own words or ours."""


def _body(row: str, size: int, clients: int) -> Case:
    return Case(row, "predict", {"x": 3, "y": "y" * size}, 6 + size, str(6 + size), clients)


def _image() -> bytes:
    pixels = bytearray(random.Random(0).randbytes(IMAGE[0] * IMAGE[1] * IMAGE[2]).replace(b"\xff", b"\x00"))
    pixels[-1] = 255
    return bytes(pixels)


_FLOATS = functions.series(FLOATS)
SMALL = Case("small", "predict", {"x": 3, "y": "hello world"}, 17, "17", 32)
BODIES = [_body("body of 1 KB", 1000, 32), _body("body of 100 KB", 100_000, 8), _body("body of 10 MB", 10_000_000, 1)]
OTHERS = [
    Case("10k floats in", "largest", {"v": _FLOATS}, max(_FLOATS), repr(max(_FLOATS)), 8),
    Case("10k floats out", "series", {"n": FLOATS}, _FLOATS, repr(_FLOATS[-1]), 8),
    Case("image tensor of 150 KB", "brightest", {}, 255, "255", 8, raw=_image()),
    Case("SSE, 200 events", "tokens", {"n": EVENTS}, list(functions.tokens(EVENTS)), "token 199", 8, events=EVENTS),
]
HOLDS = [
    Case("pure Python, 0.2 s", "hold_python", {"seconds": 0.2}, 1, "1", 1),
    Case("one long C call", "hold_c", {"count": 20_000_000}, 1, "1", 1),
]
CLIENTS = (1, 32, 256)


def fields_as_json(case: Case, path: str, value: Callable[[bytes], Any] = json.loads) -> Ask:
    """The fields as an object, and raw bytes where a tensor is asked for."""
    headers = {"Content-Type": "application/octet-stream"} if case.raw else dict(JSON)
    if case.events:
        return Ask(path, _dumps(case.fields), events, {**headers, "Accept": "text/event-stream"})
    return Ask(path, case.raw or _dumps(case.fields), value, headers)


def binary_tensor(case: Case, path: str) -> Ask:
    """The binary extension of the Open Inference Protocol."""
    size = {"binary_data_size": len(case.raw)}
    header = _dumps({"inputs": [{"name": "image", "datatype": "UINT8", "shape": IMAGE, "parameters": size}]})
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(header))}
    return Ask(path, header + case.raw, first_output, headers)


def tensors(case: Case, path: str) -> Ask:
    """The Open Inference Protocol in JSON; bytes are base64, as MLServer documents it."""
    if case.raw:
        data = [base64.b64encode(case.raw).decode()]
        inputs = [_tensor("image", "BYTES", data, {"content_type": "base64"})]
    else:
        inputs = [_tensor(name, *_typed(value)) for name, value in case.fields.items()]
    if case.events:
        return Ask(path, _dumps({"inputs": inputs}), lambda body: [_outputs(e)[0] for e in _events(body)])
    return Ask(path, _dumps({"inputs": inputs}), first_output if case.function != "series" else all_outputs)


def instances(case: Case, path: str) -> Ask:
    body = _dumps({"instances": [case.fields]})
    return Ask(path, body, events if case.events else lambda answer: json.loads(answer)["predictions"][0])


def first_output(body: bytes) -> Any:
    return _outputs(json.loads(body))[0]


def all_outputs(body: bytes) -> Any:
    return _outputs(json.loads(body))


def events(body: bytes) -> list[Any]:
    return _events(body)


def _events(body: bytes) -> list[Any]:
    parts = body.replace(b"\r\n", b"\n").split(b"\n\n")
    return [json.loads(part.removeprefix(b"data: ")) for part in parts if part.startswith(b"data: ")]


def _outputs(answer: dict[str, Any]) -> Any:
    return answer["outputs"][0]["data"]


def _typed(value: Any) -> tuple[str, list[Any]]:
    values = value if isinstance(value, list) else [value]
    return {int: "INT64", float: "FP64", str: "BYTES"}[type(values[0])], values


def _tensor(name: str, datatype: str, data: list[Any], parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    tensor = {"name": name, "datatype": datatype, "shape": [len(data)], "data": data}
    return {**tensor, "parameters": parameters} if parameters else tensor


def _dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
