"""Tensors to keyword arguments and a prediction to tensors: the worker's half of the Open Inference Protocol.

docs/reference/protocols.md has the mapping. The server has checked names, shapes and sizes; here only the types
are made.
"""

from __future__ import annotations

import collections.abc
import json
from typing import Any, Callable, NamedTuple

from bundle_runtime.contract import tensors, wire
from bundle_runtime.contract.heads import TensorHead, TensorsHead
from bundle_runtime.contract.report import valid_unicode
from bundle_runtime.worker.encode import arrays
from bundle_runtime.worker.failures import Failed, unencodable
from bundle_runtime.worker.predict.predictor import Predictor

SINGLE_OUTPUT = "output"  # the name of a prediction that is not an object
_DTYPES = {
    "BOOL": "?", "INT8": "<i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "UINT8": "<u1", "UINT16": "<u2",
    "UINT32": "<u4", "UINT64": "<u8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
_DATATYPES = {name.lstrip("<"): datatype for datatype, name in _DTYPES.items()}
_INTEGERS = range(-(2**63), 2**63)


Encoded = Callable[[Any], bytes]  # the prediction as JSON text


class Output(NamedTuple):
    """One tensor of the answer. ``form`` says what it was: a scalar, an array, bytes, an array of them, or JSON."""

    datatype: str
    shape: list[int]
    form: str
    data: bytes


async def run(predictor: Predictor, heads: list[TensorHead], body: memoryview) -> bytes:
    """The payload of the answer, a TensorsHead and the data of its outputs; ``body``: of the tensors of ``heads``."""
    fields = {}
    at = 0
    for head in heads:
        data = body[at : at + head["size"]]
        at += head["size"]
        fields[head["name"]] = argument(head, data)
    result = await predictor.call_whole(fields)
    try:
        return pack_result(result, predictor.encoded)
    except BaseException as error:  # methods of user code
        raise unencodable(error) from None


def argument(head: TensorHead, data: memoryview) -> Any:
    """What predict_fn gets for one tensor: a NumPy array, lists where the image has no NumPy, or one value."""
    datatype, shape, form = head["datatype"], head["shape"], head["form"]
    if datatype == "BYTES":
        elements = tensors.unpack(datatype, data, tensors.count(shape))
        values = elements if form == "base64" else [_text(element) for element in elements]
        if form == "json":
            return _from_json(head["name"], values[0])
        return values[0] if form == "scalar" else tensors.nested(values, shape)
    if form == "scalar":
        return tensors.unpack(datatype, data, 1)[0]
    numpy = arrays.numpy()
    if numpy is None:
        return tensors.nested(tensors.unpack(datatype, data, tensors.count(shape)), shape)
    if datatype == "BF16":  # which NumPy does not have
        wide = numpy.frombuffer(data, "<u2").astype("<u4") << 16
        return wide.view("<f4").reshape(shape)
    return numpy.frombuffer(data, _DTYPES[datatype]).reshape(shape).copy()  # one that may be written to


def _from_json(name: str, text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failed("NotJSON", f"the element of {name!r} must be JSON text: {error}") from None


def _text(element: bytes) -> Any:
    """Strings, as in JSON; what is not text, an image for example, stays bytes."""
    try:
        return element.decode("utf-8")
    except UnicodeDecodeError:
        return element


def pack_result(result: Any, encoded: Encoded) -> bytes:
    """A TensorsHead and the data of its outputs; Failed for what no tensor can hold."""
    named = _named(result, encoded)
    found = named or {SINGLE_OUTPUT: result}
    for name, value in found.items():
        if arrays.holds_masked(value):
            message = f"the output {name} is an array with masked elements, which a tensor cannot say"
            raise Failed("ResponseNotJSON", f"{message}: return its filled() with a value that means so")
    outputs = {name: _output(value, encoded) for name, value in found.items()}
    head: TensorsHead = {
        "single": named is None,
        "outputs": [
            {"name": name, "datatype": out.datatype, "shape": out.shape, "form": out.form, "size": len(out.data)}
            for name, out in outputs.items()
        ],
    }
    for name in outputs:
        if name != valid_unicode(name):
            raise Failed("ResponseNotJSON", f"the output {name} has a name that is not valid Unicode")
    size = sum(len(out.data) for out in outputs.values())
    if size > wire.MAX_HEADED:
        raise Failed("PredictFailed", f"the prediction is {size} bytes, more than {wire.MAX_BODY >> 20} MiB")
    return wire.pack_headed(head, b"".join(out.data for out in outputs.values()))


def _named(result: Any, encoded: Encoded) -> dict[str, Any] | None:
    """The prediction's fields when it is an object, None when it is one value."""
    if isinstance(result, collections.abc.Mapping):
        found: Any = result
    elif isinstance(result, (str, bytes, int, float, list, tuple, type(None))) or arrays.is_array(result):
        return None
    else:  # a dataclass or a model: what it is as JSON decides
        found = json.loads(encoded(result))
    if not isinstance(found, collections.abc.Mapping) or not found:
        return None
    if not all(isinstance(name, str) for name in found):
        found = json.loads(encoded(found))
    return dict(found)


def _output(value: Any, encoded: Encoded) -> Output:
    value = arrays.as_numpy(value) if arrays.is_array(value) else value
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        datatype = _DATATYPES.get(f"{dtype.kind}{dtype.itemsize}" if dtype.kind != "b" else "?")
        if datatype:
            shape = list(value.shape)
            return Output(datatype, shape or [1], "array" if shape else "scalar", arrays.little_endian(value))
        if dtype.kind == "S":
            value = value.tolist()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Output("BYTES", [1], "base64", tensors.pack("BYTES", [bytes(value)]))
    plain = _plain(value)
    if plain is not None:
        return plain
    text = encoded(value)
    return _plain(json.loads(text)) or Output("BYTES", [1], "json", tensors.pack("BYTES", [text]))


def _plain(value: Any) -> Output | None:
    """None when it is none of numbers, strings and rectangles of them."""
    if isinstance(value, (list, tuple)):
        try:
            shape, elements = tensors.rectangle(value)
            types = set(map(type, elements))
            if types == {bytes}:
                return Output("BYTES", shape, "base64 array", tensors.pack("BYTES", elements))
            datatype = _datatype(types)
            return Output(datatype, shape, "array", tensors.pack(datatype, elements))
        except ValueError:
            return None
    try:
        datatype = _datatype({type(value)})
        return Output(datatype, [1], "scalar", tensors.pack(datatype, [value]))
    except ValueError:
        return None


def _datatype(types: set[type]) -> str:
    for known, datatype in (({bool}, "BOOL"), ({int}, "INT64"), ({int, float}, "FP64"), ({str}, "BYTES")):
        if types <= known:
            return datatype if types else "FP64"
    raise ValueError("no datatype")
