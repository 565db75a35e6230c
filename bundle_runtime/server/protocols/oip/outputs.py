"""The outputs of an inference request: those that are asked for, as JSON or as bytes."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

import orjson

from bundle_runtime.contract import tensors, wire
from bundle_runtime.server.http.responses import JSON
from bundle_runtime.server.predict.codec import Encoded
from bundle_runtime.server.protocols.oip import weight
from bundle_runtime.server.protocols.oip.checks import Needs
from bundle_runtime.server.protocols.oip.inputs import HEADER, parameters_of
from bundle_runtime.server.queue.calls import TensorHead
from bundle_runtime.server.refusal import Refused

BINARY = b"application/octet-stream"


@dataclass(frozen=True)
class Wanted:
    """What the client asks for: the outputs by ``names``, None for all; which of them as bytes or not, and whether
    the others are."""

    names: list[str] | None
    flags: dict[str, bool]
    binary: bool


@dataclass(frozen=True)
class Outputs:
    """The worker's response: a head and the bytes of each tensor by name; a ``single`` one is the prediction itself."""

    heads: dict[str, TensorHead]
    data: dict[str, memoryview]
    single: bool


def wanted(request: dict[str, Any]) -> Wanted:
    """ValueError when the request says it in another form."""
    binary = parameters_of(request).get("binary_data_output") is True
    entries = request.get("outputs")
    if entries is None or entries == []:
        return Wanted(None, {}, binary)
    if type(entries) is not list or not all(
        type(entry) is dict and type(entry.get("name")) is str for entry in entries
    ):
        raise ValueError('outputs must be a list of objects with a "name"')
    chosen = {entry["name"]: parameters_of(entry).get("binary_data") for entry in entries}
    return Wanted(list(chosen), {name: flag for name, flag in chosen.items() if type(flag) is bool}, binary)


def read(payload: bytes) -> Outputs:
    """WireError, or another error, when the worker's response cannot be read."""
    head, body = wire.unpack_headed(payload)
    data: dict[str, memoryview] = {}
    at = 0
    for output in head["outputs"]:
        data[output["name"]] = body[at : at + output["size"]]
        at += output["size"]
    return Outputs({output["name"]: output for output in head["outputs"]}, data, head["single"])


def encode(found: Outputs, chosen: Wanted, identity: dict[str, str], needs: Needs) -> Encoded:
    """The response's body; ``identity`` are model, version and id. Refused when an output is missing, or is nothing
    that JSON has."""
    missing = [name for name in chosen.names or () if name not in found.heads]
    if missing:
        has = ", ".join(found.heads)
        raise Refused("BadRequest", f"the prediction has no output {', '.join(missing)}: it has {has}")
    entries: list[dict[str, Any]] = []
    parts: list[memoryview] = []
    for name in chosen.names or found.heads:
        output, data = found.heads[name], found.data[name]
        entry: dict[str, Any] = {"name": name, "datatype": output["datatype"], "shape": output["shape"]}
        parameters = _content_type(output)
        if chosen.flags.get(name, chosen.binary):
            parameters["binary_data_size"] = output["size"]
            parts.append(data)
        else:
            needs(weight.weight(output["datatype"], output["shape"], len(data), as_json=True))
            entry["data"] = _elements(output, data)
            _check_finite(output, entry["data"])
        if parameters:
            entry["parameters"] = parameters
        entries.append(entry)
    try:
        text = orjson.dumps({**identity, "outputs": entries})
    except orjson.JSONEncodeError as error:  # half a surrogate pair in a name
        names = ", ".join(map(ascii, found.heads))
        raise Refused("ResponseNotJSON", f"the outputs {names}: {error}") from None
    if not parts:
        return text, JSON, b""
    return b"".join((text, *parts)), BINARY, b"%b: %d\r\n" % (HEADER, len(text))


def _check_finite(output: TensorHead, elements: list[Any]) -> None:
    if output["datatype"] not in tensors.FLOATS or math.isfinite(sum(elements)):
        return
    place = next((at for at, value in enumerate(elements) if not math.isfinite(value)), None)
    if place is not None:
        message = f"the output {output['name']} holds {elements[place]} at {place}, which JSON does not have"
        raise Refused("ResponseNotJSON", f"{message}: ask for it with binary_data, or replace it")


def _content_type(output: TensorHead) -> dict[str, Any]:
    content = {"json": "application/json", "base64": "base64", "base64 array": "base64"}.get(output["form"])
    return {"content_type": content} if content else {}


def _elements(output: TensorHead, data: memoryview) -> list[Any]:
    values = tensors.unpack(output["datatype"], data, tensors.count(output["shape"]))
    if output["form"].startswith("base64"):
        return [base64.b64encode(value).decode("ascii") for value in values]
    return [value.decode("utf-8") for value in values] if output["datatype"] == "BYTES" else values
