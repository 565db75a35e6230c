"""One inference request of the Open Inference Protocol: JSON and binary tensors in, checked against the request
schema, to the worker as bytes; the worker's tensors out, as JSON or as bytes, as the caller asks.

The worker never parses tensors from JSON: what orjson and array do here in C the user's Python would do slower.
"""

from __future__ import annotations

import base64
import math
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import orjson

from bundle_runtime.contract import tensors, wire
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import SMALL, TooMuch
from bundle_runtime.server.protocols import routes
from bundle_runtime.server.protocols.oip import weight
from bundle_runtime.server.protocols.oip.checks import Needs, TensorCheck, value
from bundle_runtime.server.protocols.oip.schemas import Tensor

if TYPE_CHECKING:
    from bundle_runtime.server.server import App

BINARY = b"application/octet-stream"
HEADER = b"inference-header-content-length"
MAX_ELEMENTS = 2**32
_PACKED = 160  # bytes that an element, a string at worst, takes in pieces on its way into a tensor
MAX_DIMENSIONS = 32  # as many as NumPy has before 2


def infer(app: App, exchange: Exchange, model: str, known: dict[str, Tensor]) -> None:
    try:
        request, rest = _split(app, exchange)
        needs = partial(app.memory.needs, what="the tensors")
        heads, data = _inputs(request, rest, known, needs)
        wanted = _wanted(request)
        if app.request_schema is not None and not _check(app, "requestSchema").accepts(heads, data):
            fields = {head["name"]: value(head, part, needs) for head, part in zip(heads, data, strict=True)}
            if not app.request_schema.accepts(fields):
                app.violates(exchange, app.request_schema.violations(fields))
                return
    except ValueError as error:
        app.failed(exchange, "BadRequest", str(error))
        return
    except TooMuch as refusal:
        app.failed(exchange, refusal.code, str(refusal))
        return
    identity = {"model_name": model, "model_version": app.digest}
    if request.get("id") not in (None, ""):
        identity["id"] = str(request["id"])
    predicted = partial(_predicted, app, exchange, identity, wanted)
    routes.call(app, exchange, predicted, {"as": "tensors", "tensors": heads}, b"".join(data))


def _split(app: App, exchange: Exchange) -> tuple[dict[str, Any], memoryview]:
    """The JSON object and the bytes behind it."""
    body = memoryview(exchange.body)
    length = len(body)
    header = exchange.header(HEADER).strip()
    if header:
        if not header.isdigit() or int(header) > length:
            raise ValueError(f"{HEADER.decode()} must be the length of the JSON object, at most the body's {length}")
        length = int(header)
    text = exchange.body if length == len(body) else exchange.body[:length]
    app.memory.needs_values(text, "the inference request")
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the inference request is no JSON: {error}") from None
    if type(request) is not dict or type(request.get("inputs")) is not list:
        raise ValueError('the inference request must be a JSON object with "inputs": [...]')
    return request, body[length:]


def _inputs(
    request: dict[str, Any], rest: memoryview, known: dict[str, Tensor], needs: Needs
) -> tuple[list[dict[str, Any]], list[Any]]:
    heads: list[dict[str, Any]] = []
    names: set[str] = set()
    data: list[Any] = []
    for number, entry in enumerate(request["inputs"]):
        place = f"$.inputs[{number}]"
        try:
            head, part, rest = _input(entry, rest, known, needs)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        if head["name"] in names:
            raise ValueError(f"{place}: the input {head['name']!r} is there twice")
        names.add(head["name"])
        heads.append(head)
        data.append(part)
    if len(rest):
        raise ValueError(f"{len(rest)} bytes are left behind the inputs' binary data")
    return heads, data


def _input(
    entry: Any, rest: memoryview, known: dict[str, Tensor], needs: Needs
) -> tuple[dict[str, Any], Any, memoryview]:
    """The worker's head of a tensor, its bytes, and the binary data that is left for the next ones."""
    if type(entry) is not dict:
        raise ValueError("an input must be a JSON object")
    name, datatype, shape = entry.get("name"), entry.get("datatype"), entry.get("shape")
    if type(name) is not str or not name:
        raise ValueError("an input must have a name")
    if datatype not in tensors.DATATYPES:
        raise ValueError(f"the datatype {datatype!r} is none of {', '.join(tensors.DATATYPES)}")
    if type(shape) is not list or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("the shape must be a list of integers that are not negative")
    if len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"the shape has {len(shape)} dimensions, more than {MAX_DIMENSIONS}")
    number = tensors.count(shape)
    if number > MAX_ELEMENTS:
        raise ValueError(f"the shape {shape} has more than {MAX_ELEMENTS} elements")
    parameters = _parameters(entry)
    form = _form(datatype, shape, parameters, known.get(name))
    size = parameters.get("binary_data_size")
    part: Any
    if size is not None:
        if type(size) is not int or not 0 <= size <= len(rest):
            raise ValueError(f"binary_data_size is {size!r}, the body has {len(rest)} bytes left")
        if "data" in entry:
            raise ValueError("an input has data or binary_data_size, not both")
        part, rest = rest[:size], rest[size:]
        if datatype == "BYTES":
            needs(weight.weight(datatype, [number], size))
        tensors.check_size(datatype, part, number)
    elif "data" in entry:
        values = tensors.flat(entry["data"], shape)
        needs(_PACKED * len(values))
        if form == "base64":
            values = [_from_base64(value) for value in values]
        part = tensors.pack(datatype, values)
    else:
        raise ValueError("an input must have data, or binary_data_size and its bytes behind the JSON object")
    return {"name": name, "datatype": datatype, "shape": shape, "form": form, "size": len(part)}, part, rest


def _form(datatype: str, shape: list[int], parameters: dict[str, Any], known: Tensor | None) -> str:
    """What the worker makes of it: "scalar", "json", "base64" or "array"."""
    single = tensors.count(shape) == 1
    if datatype == "BYTES" and parameters.get("content_type") == "base64":
        return "base64"
    if (
        datatype == "BYTES"
        and single
        and (parameters.get("content_type") == "application/json" or (known is not None and known.form == "json"))
    ):
        return "json"
    if not shape or (single and known is not None and known.form == "scalar"):
        return "scalar"
    return "array"


@lru_cache(maxsize=2)  # the two schemas of the one app
def _check(app: App, which: str) -> TensorCheck:
    needs = app.memory.needs
    if which == "requestSchema":
        return TensorCheck(app.schemas[which], partial(needs, what="the tensors"))
    return TensorCheck(app.schemas[which], partial(needs, what="the outputs", code="ResponseTooLarge"))


def _wanted(request: dict[str, Any]) -> tuple[list[str] | None, dict[str, bool], bool]:
    """The outputs that are asked for by name, None for all; which of them as bytes; and the others."""
    binary = _parameters(request).get("binary_data_output") is True
    entries = request.get("outputs")
    if entries is None or entries == []:
        return None, {}, binary
    if type(entries) is not list or not all(
        type(entry) is dict and type(entry.get("name")) is str for entry in entries
    ):
        raise ValueError('outputs must be a list of objects with a "name"')
    chosen = {entry["name"]: _parameters(entry).get("binary_data") for entry in entries}
    return list(chosen), {name: flag for name, flag in chosen.items() if type(flag) is bool}, binary


def _parameters(entry: dict[str, Any]) -> dict[str, Any]:
    parameters = entry.get("parameters") or {}
    if type(parameters) is not dict:
        raise ValueError("parameters must be a JSON object")
    return parameters


def _from_base64(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"an element is no base64: {error}") from None


def _predicted(
    app: App,
    exchange: Exchange,
    identity: dict[str, str],
    wanted: tuple[list[str] | None, dict[str, bool], bool],
    payload: bytes,
) -> None:
    try:
        _answer(app, exchange, identity, wanted, payload)
    except TooMuch as refusal:
        app.failed(exchange, refusal.code, f"{refusal}, or ask for the outputs with binary_data")


def _answer(
    app: App,
    exchange: Exchange,
    identity: dict[str, str],
    wanted: tuple[list[str] | None, dict[str, bool], bool],
    payload: bytes,
) -> None:
    needs = partial(app.memory.needs, what="the outputs", code="ResponseTooLarge")
    if len(payload) > SMALL:
        needs(2 * len(payload))
    head, body = wire.unpack_headed(payload)
    data: dict[str, memoryview] = {}
    at = 0
    for output in head["outputs"]:
        data[output["name"]] = body[at : at + output["size"]]
        at += output["size"]
    heads = {output["name"]: output for output in head["outputs"]}
    if app.response_schema is not None:
        outputs, single = list(heads.values()), head["single"]
        try:
            fits = _check(app, "responseSchema").accepts(outputs, list(data.values()), single=single)
            values = {} if fits else {name: value(output, data[name], needs) for name, output in heads.items()}
        except ValueError as error:
            app.failed(exchange, "ResponseNotJSON", str(error))
            return
        if not fits and app.is_broken_promise(exchange, next(iter(values.values())) if single else values):
            return
    names, flags, binary = wanted
    missing = [name for name in names or () if name not in heads]
    if missing:
        has = ", ".join(heads)
        app.failed(exchange, "BadRequest", f"the prediction has no output {', '.join(missing)}: it has {has}")
        return
    entries: list[dict[str, Any]] = []
    parts: list[memoryview] = []
    for name in names or heads:
        output = heads[name]
        entry = {"name": name, "datatype": output["datatype"], "shape": output["shape"]}
        parameters = _said(output)
        if flags.get(name, binary):
            parameters["binary_data_size"] = output["size"]
            parts.append(data[name])
        else:
            needs(weight.weight(output["datatype"], output["shape"], len(data[name]), as_json=True))
            entry["data"] = _elements(output, data[name])
            if output["datatype"] in tensors.FLOATS and not math.isfinite(sum(entry["data"])):
                place = next((at for at, value in enumerate(entry["data"]) if not math.isfinite(value)), None)
                if place is not None:
                    message = f"the output {name} holds {entry['data'][place]} at {place}, which JSON does not have"
                    app.failed(exchange, "ResponseNotJSON", f"{message}: ask for it with binary_data, or replace it")
                    return
        if parameters:
            entry["parameters"] = parameters
        entries.append(entry)
    try:
        text = orjson.dumps({**identity, "outputs": entries})
    except orjson.JSONEncodeError as error:  # half a surrogate pair in a name
        app.failed(exchange, "ResponseNotJSON", f"the outputs {', '.join(map(ascii, heads))}: {error}")
        return
    if not parts:
        routes.succeeded(app, exchange, text)
        return
    length = b"%b: %d\r\n" % (HEADER, len(text))
    routes.succeeded(app, exchange, b"".join((text, *parts)), BINARY, length)


def _said(output: dict[str, Any]) -> dict[str, Any]:
    content = {"json": "application/json", "base64": "base64", "base64 array": "base64"}.get(output["form"])
    return {"content_type": content} if content else {}


def _elements(output: dict[str, Any], data: memoryview) -> list[Any]:
    values = tensors.unpack(output["datatype"], data, tensors.count(output["shape"]))
    if output["form"].startswith("base64"):
        return [base64.b64encode(value).decode("ascii") for value in values]
    return [value.decode("utf-8") for value in values] if output["datatype"] == "BYTES" else values
