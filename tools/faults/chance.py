"""Bundles by chance: chains of a base and its clones, one in three with something at a limit or just beyond it."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from typing import Any

from tools.faults import oracle
from tools.faults.off_by_one import OFF
from tools.testkit.rest import GROUP

Body = dict[str, Any]

_SHA256 = "0123456789abcdef" * 4


def generate(chance: random.Random, size: int) -> Iterator[tuple[str, Body]]:
    """So many bundles by their names: chains of a base and its clones, one in three with something off by one."""
    number = 0
    while number < size:
        line: list[str] = []
        for _ in range(min(chance.choice((1, 1, 2, 3, 5)), size - number)):
            number += 1
            name = f"{chance.choice(('a', 'llama', 'x-y'))}-{number}"
            fields = _root(chance) if not line else _clone(chance, line)
            body: Body = {
                "apiVersion": GROUP,
                "kind": "ModelBundle",
                "metadata": {"name": name},
                "spec": {"bundle": fields, "serving": _serving(chance)},
            }
            if chance.random() < 1 / 3:
                chance.choice(OFF)(chance, body)
            line.append(body["metadata"]["name"])
            yield body["metadata"]["name"], body


def _serving(chance: random.Random) -> Body:
    return {"replicas": int(chance.random() < 0.1), "gpu": {"count": 0}}


def _root(chance: random.Random) -> Body:
    packaging = chance.choice(("zip", "cloudpickle"))
    artifact = {"uri": "s3://models/a.bin", "sha256": _SHA256, "packaging": packaging}
    functions = {"loadPredictFn": "predict.load", "loadModelFn": "model.load"} if packaging == "zip" else {}
    image = {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "r/python", "tag": "3.12"}}
    return {"artifact": artifact, "envParams": image, **functions, **_content(chance, 0.5)}


def _clone(chance: random.Random, line: list[str]) -> Body:
    base = line[-1] if chance.random() < 0.8 else chance.choice(line)
    cleared: Body = {
        field: empty
        for field, empty in (("env", []), ("requirements", []), ("appConfig", {}), ("responseSchema", {}))
        if chance.random() < 0.1
    }
    return {"cloneFrom": {"name": base}, **_content(chance, 0.3), **cleared}


def _content(chance: random.Random, often: float) -> Body:
    makers: dict[str, Callable[[], Any]] = {
        "env": lambda: [{"name": f"V{n}", "value": _text(chance)} for n in range(chance.randint(1, 3))],
        "requirements": lambda: chance.sample(["numpy", "scikit-learn>=1.5", "a[b]>=1", "pandas==2.2.0"], 2),
        "appConfig": lambda: {_text(chance): _value(chance, 2) for _ in range(chance.randint(1, 4))},
    }
    found = {name: make() for name, make in makers.items() if chance.random() < often}
    if chance.random() < often / 2:
        found |= {"requestSchema": {"type": "object"}, "responseSchema": {"type": chance.choice(("string", "array"))}}
    return found


def _text(chance: random.Random) -> str:
    letters = string.ascii_letters + string.digits + ' "\\/\u00e9\u20ac\ufb33\U0001f600\u0001\t'
    return "".join(chance.choice(letters) for _ in range(chance.randint(1, 8)))


def _value(chance: random.Random, deep: int) -> Any:
    kinds: list[Callable[[], Any]] = [
        lambda: _text(chance),
        lambda: chance.choice((0, 1, -7, oracle.INTEGER_MAX, -oracle.INTEGER_MAX)),
        lambda: chance.choice((0.5, -2.25, 3.0)),
        lambda: chance.choice((True, False)),
    ]
    if deep:
        kinds.append(lambda: {_text(chance): _value(chance, deep - 1) for _ in range(2)})
        kinds.append(lambda: [_value(chance, deep - 1) for _ in range(chance.randint(0, 2))])
    return chance.choice(kinds)()
