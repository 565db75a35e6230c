"""The Open Inference Protocol: shapes and sizes that are not those of what follows."""

from __future__ import annotations

import json
import struct
from typing import Any

from tools.testkit.hostile.bodies import V2, made
from tools.testkit.hostile.client import post, sends
from tools.testkit.hostile.row import Row, row

WRONG = "400 open"
HEADER = "inference-header-content-length"


def tensor(**more: Any) -> dict[str, Any]:
    return {"name": "x", "datatype": "FP32", "shape": [2], **more}


def _asks(*inputs: Any, **more: Any) -> bytes:
    return json.dumps({"inputs": list(inputs), **more}).encode()


def _json(name: str, *inputs: Any, right: str = WRONG, **more: Any) -> Row:
    return row(name, right, sends(post(_asks(*inputs, **more), path=V2)))


def _binary(name: str, data: bytes, *inputs: Any, length: str = "", right: str = WRONG) -> Row:
    head = _asks(*inputs)
    return row(name, right, sends(post(head + data, f"{HEADER}: {length or len(head)}", path=V2)))


def sized(size: Any, **more: Any) -> dict[str, Any]:
    return tensor(parameters={"binary_data_size": size}, **more)


EIGHT = b"\0" * 8
SIZES = (
    _binary("a size beyond the body", EIGHT, sized(1 << 40)),
    _binary("a size beyond 64 bits", EIGHT, sized(1 << 70)),
    _binary("a size below zero", EIGHT, sized(-8)),
    _binary("a size that is a text", EIGHT, sized("8")),
    _binary("a size that is true", EIGHT, sized(True)),
    _binary("a size that is half a number", EIGHT, sized(8.5)),
    _binary("a size that is not the shape's", EIGHT * 4, sized(32)),
    _binary("bytes of nobody behind the tensors", EIGHT * 100, sized(8)),
    _binary("sizes that are more than the body", EIGHT, sized(8), sized(8, name="y")),
    _binary("data in both forms", EIGHT, sized(8, data=[1, 2])),
    _binary("a head longer than the body", EIGHT, sized(8), length="999999"),
    _binary("a head of nothing", EIGHT, sized(8), length="0"),
    _binary("a head below zero", EIGHT, sized(8), length="-1"),
    _binary("a head of ten thousand digits", EIGHT, sized(8), length="9" * 10_000),
    _binary("a head that ends in its middle", EIGHT, sized(8), length="20"),
    *(
        _binary(f"a head of {length}", EIGHT, sized(8), length=length)
        for length in ("0x9", "1_3", "13, 13", "+13", " ")
    ),
    _binary("no row in bytes", b"", sized(0, shape=[0]), right="200 open"),
    _binary("truth of another byte", b"\x07\xff", sized(2, datatype="BOOL"), right="200 open | 400 open"),
    _binary("bytes of nobody and no size", EIGHT, tensor()),
    _binary("a text of a length below zero", struct.pack("<i", -1) + b"ab", sized(6, datatype="BYTES", shape=[1])),
    _binary("tensors as they should be", EIGHT, sized(8), right="200 open"),
)
TEXTS = (
    _binary("a text longer than the tensor", struct.pack("<I", 1 << 31) + b"ab", sized(6, datatype="BYTES", shape=[1])),
    _binary("fewer texts than the shape has", struct.pack("<I", 2) + b"ab", sized(6, datatype="BYTES", shape=[1000])),
    _binary("more texts than the shape has", EIGHT * 100, sized(800, datatype="BYTES", shape=[2])),
    _binary("no text at all", b"", sized(0, datatype="BYTES", shape=[4_000_000_000]), right=f"{WRONG} | 413 open"),
    row(
        "a hundred thousand empty texts",
        "200 open | 413 open",
        made(lambda: _with_head(_asks(sized(400_000, datatype="BYTES", shape=[100_000])), b"\0" * 400_000)),
        20,
    ),
)


def _with_head(head: bytes, data: bytes) -> bytes:
    return post(head + data, f"{HEADER}: {len(head)}", path=V2)


SHAPES = (
    *(
        _json(f"the shape {shape}", tensor(shape=shape, data=[1, 2]))
        for shape in ([-1, -2], [2.0], ["2"], "2", None, {"a": 2}, [[2]], [2, None], [1 << 31, 1 << 31, 4])
    ),
    *(
        _json(f"{datatype} of {data}", tensor(datatype=datatype, data=data))
        for datatype, data in (
            ("BOOL", [1, 2]),
            ("BYTES", [1, 2]),
            ("INT32", [1.5, 2]),
            ("UINT8", [-1, 2]),
            ("FP32", [None, 1]),
            ("FP32", {"a": 1}),
            ("FP32", "ab"),
            ("INT64", [1, {}]),
        )
    ),
    _json("no row", tensor(shape=[0], data=[]), right="200 open"),
    _json("no row of three", tensor(shape=[0, 3], data=[]), right="200 open"),
    _json("no text", tensor(datatype="BYTES", shape=[0], data=[]), right="200 open"),
    _json("a shape of no dimension", tensor(shape=[], data=[1]), right="200 open"),
    _json("a shape of exabytes", tensor(shape=[1 << 40, 1 << 40], data=[])),
    _json("a shape of nothing times exabytes", tensor(shape=[1 << 62, 0], data=[])),
    _json("a shape of 40 dimensions", tensor(shape=[1] * 40, data=[1])),
    _json("a shape of ten thousand zeros", tensor(shape=[0] * 10_000, data=[])),
    _json("a dimension below zero", tensor(shape=[-2], data=[1, 2])),
    _json("a dimension that is true", tensor(shape=[True], data=[1])),
    _json("a dimension beyond 64 bits", tensor(shape=[1 << 63], data=[1])),
    _json("less data than the shape has", tensor(shape=[1000], data=[1])),
    _json("ragged data", tensor(shape=[2, 2], data=[[1], [2, 3]])),
    _json("data of texts", tensor(data=["a", "b"])),
    _json("data beyond its datatype", tensor(datatype="INT8", data=[1, 1000])),
    row(
        "data nested a hundred thousand times",
        WRONG,
        sends(
            post(
                b'{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":'
                + b"[" * 100_000
                + b"1"
                + b"]" * 100_000
                + b"}]}",
                path=V2,
            )
        ),
    ),
    row(
        "data nested a thousand times",
        WRONG,
        sends(
            post(
                b'{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":'
                + b"[" * 1000
                + b"1"
                + b"]" * 1000
                + b"}]}",
                path=V2,
            )
        ),
        5,
    ),
)
NAMES = (
    _json("an input twice", tensor(data=[1, 2]), tensor(data=[1, 2])),
    _json("a datatype that is not known", tensor(datatype="FP8", data=[1, 2])),
    _json("a datatype of an object", tensor(datatype={"a": 1}, data=[1, 2])),
    _json("a name of a list", tensor(name=["x"], data=[1, 2])),
    _json("parameters of a list", tensor(parameters=[1], data=[1, 2])),
    _json("inputs that are numbers", 1, 2, 3),
    _json("no inputs", right="200 open | 400 open | 422 open"),
    row(
        "ten thousand inputs",
        "422 open",
        made(
            lambda: post(_asks(*(tensor(name=f"n{number}", shape=[1], data=[1]) for number in range(10_000))), path=V2)
        ),
        60,
    ),
    _json(
        "an output that there is not",
        tensor(data=[1, 2]),
        outputs=[{"name": "other"}],
        right="400 open | 422 open | 500 open",
    ),
    _json(
        "ten thousand outputs",
        tensor(data=[1, 2]),
        outputs=[{"name": f"n{n}"} for n in range(10_000)],
        right="400 open | 422 open | 500 open",
    ),
    _json("an id of 100 KB", tensor(data=[1, 2]), id="i" * 100_000, right="200 open"),
    _json("an id that is an object", tensor(data=[1, 2]), id={"a": [1]}, right="200 open | 400 open"),
    row(
        "base64 that is none",
        WRONG,
        sends(
            post(
                _asks(tensor(datatype="BYTES", shape=[1], data=["%%%"], parameters={"content_type": "base64"})), path=V2
            )
        ),
    ),
    row("another model's tensors", "404 open", sends(post(_asks(), path="/v2/models/other/infer"))),
    row("a version that there is not", "404 open", sends(post(_asks(), path="/v2/models/{model}/versions/%00/infer"))),
)

ROWS = (*SIZES, *TEXTS, *SHAPES, *NAMES)
