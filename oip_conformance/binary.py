"""Clauses of the binary tensor extension, for servers whose metadata names it."""

from __future__ import annotations

import copy
import json
import struct
from typing import Any, Dict, List, Tuple

from oip_conformance.clause import Broken, Clauses, NotApplicable, example, need, need_error
from oip_conformance.inference import first_outputs
from oip_conformance.target import HEADER, Answer, Target, count, flat

clauses = Clauses()
EXTENSION = "binary_tensor_data"
_CODES = {
    "BOOL": "?", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "UINT8": "B", "UINT16": "H", "UINT32": "I",
    "UINT64": "Q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip


def _pack(datatype: str, values: List[Any]) -> bytes:
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value.encode())) + value.encode() for value in values)
    return struct.pack(f"<{len(values)}{_CODES[datatype]}", *values)


def _unpack(entry: Dict[str, Any], data: bytes) -> List[Any]:
    number = count(entry["shape"])
    if entry["datatype"] == "BYTES":
        values, at = [], 0
        for _ in range(number):
            (length,) = struct.unpack_from("<I", data, at)
            values.append(data[at + 4 : at + 4 + length].decode("utf-8", "replace"))
            at += 4 + length
        if at != len(data):
            raise Broken(f"{len(data) - at} bytes are left behind the elements of {entry['name']}")
        return values
    return list(struct.unpack(f"<{number}{_CODES[entry['datatype']]}", data))


def _request(target: Target) -> Tuple[Dict[str, Any], bytes]:
    """The example with all inputs as bytes."""
    if EXTENSION not in target.extensions:
        raise NotApplicable(f"the server's metadata does not name {EXTENSION}")
    request = copy.deepcopy(example(target))
    parts = []
    for entry in request["inputs"]:
        if entry["datatype"] not in ("BYTES", *_CODES):
            raise NotApplicable(f"an input is {entry['datatype']}")
        parts.append(_pack(entry["datatype"], flat(entry.pop("data"))))
        entry["parameters"] = {**entry.get("parameters", {}), "binary_data_size": len(parts[-1])}
    return request, b"".join(parts)


def _split(answer: Answer) -> Dict[str, Any]:
    """Elements of each output, from JSON or from the bytes behind it."""
    need(answer.ok, answer, "the status must be 2xx")
    header = answer.headers.get(HEADER.lower(), "")
    need(header.isdigit(), answer, f"the answer must have the header {HEADER}")
    length = int(header)
    try:
        found = json.loads(answer.body[:length].decode("utf-8"))
    except ValueError as error:
        raise Broken(f"the first {length} bytes of the answer are not valid JSON: {error}") from None
    at = length
    elements: Dict[str, Any] = {}
    for entry in found["outputs"]:
        size = entry.get("parameters", {}).get("binary_data_size")
        if size is None:
            elements[entry["name"]] = flat(entry["data"])
            continue
        try:
            elements[entry["name"]] = _unpack(entry, answer.body[at : at + size])
        except (struct.error, KeyError) as error:
            raise Broken(f"the bytes of {entry['name']} are not its shape and datatype: {error}") from None
        at += size
    need(at == len(answer.body), answer, "the body must end with the last output's bytes")
    return elements


@clauses.add("binary-input", "Binary Tensor Request", "inputs as bytes are the same as inputs in JSON")
def _input(target: Target) -> None:
    request, data = _request(target)
    expected = {name: flat(entry["data"]) for name, entry in first_outputs(target).items()}
    answer = target.infer(request, binary=data)
    found = answer.json
    need(answer.ok and isinstance(found, dict), answer, "the answer must be a JSON object")
    got = {entry["name"]: flat(entry["data"]) for entry in found["outputs"]}
    need(got == expected, answer, f"the outputs must be {expected!r:.200}")


@clauses.add("binary-outputs", "Binary Tensor Response", "binary_data_output returns all outputs as bytes")
def _outputs(target: Target) -> None:
    request, data = _request(target)
    expected = {name: flat(entry["data"]) for name, entry in first_outputs(target).items()}
    answer = target.infer({**request, "parameters": {"binary_data_output": True}}, binary=data)
    got = _split(answer)
    need(got == expected, answer, f"the outputs must be {expected!r:.200}")
    need(b'"data"' not in answer.body[: int(answer.headers[HEADER.lower()])], answer, "no output may be JSON")


@clauses.add("binary-one-output", "Binary Tensor Request", "binary_data of an output overrides binary_data_output")
def _one_output(target: Target) -> None:
    request, data = _request(target)
    names = list(first_outputs(target))
    wanted = [{"name": name, "parameters": {"binary_data": False}} for name in names]
    answer = target.infer({**request, "parameters": {"binary_data_output": True}, "outputs": wanted}, binary=data)
    found = answer.json
    need(answer.ok and isinstance(found, dict), answer, "the answer must be JSON only")
    need(all("data" in entry for entry in found["outputs"]), answer, "each output must have data")


@clauses.add("binary-size", "Binary Tensor Request", "binary_data_size that is not the shape's is an error object")
def _size(target: Target) -> None:
    request, data = _request(target)
    request["inputs"][-1]["parameters"]["binary_data_size"] += 1
    need_error(target.infer(request, binary=data + b"\0"))
