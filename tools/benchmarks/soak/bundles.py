"""What is served while it soaks, and what each request must give."""

from __future__ import annotations

import hashlib
from typing import Any

MIXED = """
import hashlib, time


def stream(x, items, size, wait):
    for number in range(items):
        yield {"x": x, "number": number, "fill": "f" * size}
        time.sleep(wait)


def predict(x, text="", items=None, size=0, wait=0.0, values=None, fail=False):
    if items is not None:
        return stream(x, items, size, wait)
    time.sleep(wait)
    if fail:
        raise ValueError(f"asked to fail {x}")
    answer = {"x": x, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    if size:
        answer["floats"] = [x + number / 2 for number in range(size)]
    if values is not None:
        answer["doubled"] = values * 2
    return answer
"""
MIXED_DOCUMENT = {
    "requestSchema": {
        "type": "object",
        "properties": {
            "x": {"type": "integer"},
            "text": {"type": "string"},
            "items": {"type": "integer"},
            "size": {"type": "integer"},
            "wait": {"type": "number"},
            "values": {},
            "fail": {"type": "boolean"},
        },
        "required": ["x"],
        "additionalProperties": False,
    },
    "responseSchema": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
}
BATCHES = """
import time


class Rows:
    max_batch_size = 32

    def predict_batch(self, rows):
        time.sleep(0.005 + 0.0005 * len(rows))
        return list(map(one, rows))


def one(row):
    x = row["x"]
    return ValueError(f"asked to fail {x}") if row.get("fail") else {"x": x, "y": 3 * x}


def load_predict_fn(model):
    return Rows()
"""
BATCHES_DOCUMENT = {
    "requestSchema": {
        "type": "object",
        "properties": {
            "x": {"type": "integer"},
            "text": {"type": "string"},
            "wait": {"type": "number"},
            "fail": {"type": "boolean"},
        },
        "required": ["x"],
        "additionalProperties": False,
    }
}


def mixed(x: int, text: str = "", size: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = {"x": x, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    if size:
        answer["floats"] = [x + number / 2 for number in range(size)]
    return answer


def item(x: int, number: int, size: int) -> dict[str, Any]:
    return {"x": x, "number": number, "fill": "f" * size}
