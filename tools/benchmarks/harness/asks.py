"""What is asked of a server, and how each protocol puts it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

JSON = {"Content-Type": "application/json"}
IMAGE = [224, 224, 3]


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
