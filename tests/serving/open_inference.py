"""Bundles for the Open Inference Protocol, the seed and one that says of each argument what it is; tensors for them."""

from __future__ import annotations

import json
from typing import Any

from tools.testkit.pair import Answer, Pair

SEED = """
def predict(x, y):
    return x * 2 + len(y)
"""


SEED_DOCUMENT = {
    "requestSchema": {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "y": {"type": "string"}},
        "required": ["x", "y"],
    },
    "responseSchema": {"type": "integer", "maximum": 100},
}


# says of each argument what it is, and gives it back
MIRROR = """
import array, dataclasses, datetime

@dataclasses.dataclass
class Box:
    a: int
    b: list

def predict(**fields):
    want = fields.pop("want", None)
    if want == "box":
        return Box(1, [1.5, 2.5])
    if want == "mixed":
        return {"text": "é", "flag": True, "none": None, "ragged": [[1], [2, 3]], "day": datetime.date(2020, 1, 2),
                "rows": [[1, 2], [3, 4]], "words": ["a", "bc"], "raw": b"\\xff\\x00", "big": 2**70, "empty": []}
    if want == "nan":
        return [1.0, float("nan")]
    if want == "bytes":
        import numpy
        return {"array": numpy.array([[b"a", b"bc"]]), "list": [b"a", b"bc"], "one": [b"a"], "scalar": b"a"}
    if want == "masked":
        import numpy
        return {"a": numpy.ma.masked_array([1.0, 2.0], mask=[False, True])}
    if want == "half":
        return {"\\ud800": 1}
    if want == "types":
        return {name: f"{type(value).__name__} {getattr(value, 'dtype', '')} {getattr(value, 'shape', '')}".strip()
                for name, value in fields.items()}
    return fields
"""


def tensor(name: str, datatype: str, shape: list[int], data: Any = None, **parameters: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
    if data is not None:
        found["data"] = data
    return {**found, "parameters": parameters} if parameters else found


def infer(pair: Pair, *inputs: Any, binary: bytes = b"", **more: Any) -> Answer:
    text = json.dumps({"inputs": list(inputs), **more}).encode()
    headers = {"Inference_Header_Content_Length": str(len(text))} if binary else {}
    return pair.call("POST", f"/v2/models/{pair.options['name']}/infer", text + binary, **headers)


def outputs(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return {output["name"]: output for output in answer.json["outputs"]}
