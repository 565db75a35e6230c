"""The inputs of an inference request: JSON and binary tensors as the worker gets them, a head and bytes for each.

The worker never parses tensors from JSON: what orjson and array do here in C the user's Python would do slower.
"""

from __future__ import annotations

import base64
from typing import Any

import orjson

from bundle_runtime.contract import tensors
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import Memory
from bundle_runtime.server.predict.unread import problem, refuse_other_media
from bundle_runtime.server.protocols.oip import weight
from bundle_runtime.server.protocols.oip.checks import Needs
from bundle_runtime.server.protocols.oip.schemas import Tensor
from bundle_runtime.server.queue.calls import TensorHead

HEADER = b"inference-header-content-length"
_DIGITS_MAX = 19  # in it
MAX_ELEMENTS = 2**32
_PACKED_BYTES = 160  # that an element, a string at worst, takes in pieces on its way into a tensor
MAX_DIMENSIONS = 32  # as many as NumPy has before 2


def json_bytes(header: bytes, size: int) -> int | None:
    """The length of the JSON object in a body of that size, by HEADER, or as it is all; None where that cannot be."""
    if not header:
        return size
    length = int(header) if header.isdigit() and len(header) <= _DIGITS_MAX else size + 1
    return length if length <= size else None


def split(exchange: Exchange, memory: Memory) -> tuple[dict[str, Any], memoryview]:
    """The JSON object of a request and the bytes behind it. ValueError when the body is not one, Refused when it is
    something else by its content-type."""
    body = memoryview(exchange.body)
    header = exchange.header(HEADER).strip()
    length = json_bytes(header, len(body))
    if length is None:
        raise ValueError(f"{HEADER.decode()} must be the length of the JSON object, at most the body's {len(body)}")
    if not header:
        refuse_other_media(exchange, exchange.body)
    text = exchange.body if length == len(body) else exchange.body[:length]
    memory.needs_values(text, "the inference request")
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the inference request is not valid JSON: {problem(error, text)}") from None
    if type(request) is not dict or type(request.get("inputs")) is not list:
        raise ValueError('the inference request must be a JSON object with "inputs": [...]')
    return request, body[length:]


def read_inputs(
    request: dict[str, Any], rest: memoryview, known: dict[str, Tensor], needs: Needs
) -> tuple[list[TensorHead], list[Any]]:
    """The worker's head of each tensor, and its bytes; ``known`` are the tensors that the request schema describes.
    ValueError with the place of what is wrong."""
    heads: list[TensorHead] = []
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


def _input(entry: Any, rest: memoryview, known: dict[str, Tensor], needs: Needs) -> tuple[TensorHead, Any, memoryview]:
    """The worker's head of a tensor, its bytes, and the binary data that is left for the next ones."""
    if type(entry) is not dict:
        raise ValueError("an input must be a JSON object")
    name, datatype, shape = entry.get("name"), entry.get("datatype"), entry.get("shape")
    if type(name) is not str or not name:
        raise ValueError("an input must have a name")
    if datatype not in tensors.DATATYPES:
        raise ValueError(f"the datatype {datatype!r} is not one of {', '.join(tensors.DATATYPES)}")
    if type(shape) is not list or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("the shape must be a list of integers that are not negative")
    if len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"the shape has {len(shape)} dimensions, more than {MAX_DIMENSIONS}")
    number = tensors.count(shape)
    if not 0 < number <= MAX_ELEMENTS:
        _check_count(shape, number)
    parameters = parameters_of(entry)
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
        needs(_PACKED_BYTES * len(values))
        if form == "base64":
            values = [_from_base64(value) for value in values]
        part = tensors.pack(datatype, values)
    else:
        raise ValueError("an input must have data, or binary_data_size and its bytes behind the JSON object")
    return {"name": name, "datatype": datatype, "shape": shape, "form": form, "size": len(part)}, part, rest


def _check_count(shape: list[int], number: int) -> None:
    """Of a tensor of no elements its other dimensions too: an array has a place for each of them."""
    if number > MAX_ELEMENTS:
        raise ValueError(f"the shape {shape} has more than {MAX_ELEMENTS} elements")
    if tensors.count([size or 1 for size in shape]) > MAX_ELEMENTS:
        raise ValueError(f"the shape {shape} is too large for no elements")


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


def parameters_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Of an input, an output or the request. ValueError when they are no object."""
    parameters = entry.get("parameters") or {}
    if type(parameters) is not dict:
        raise ValueError("parameters must be a JSON object")
    return parameters


def _from_base64(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"an element is not valid base64: {error}") from None
