"""What can be off by one in a bundle: each takes something to its limit or one beyond it, both as likely. Pure."""

from __future__ import annotations

import random
from typing import Any

from tools.faults import oracle

Body = dict[str, Any]


def _beyond(chance: random.Random) -> int:
    return chance.choice((0, 1))


def _name(chance: random.Random, body: Body) -> None:
    name = body["metadata"]["name"]
    body["metadata"]["name"] = name + "n" * (oracle.NAME_MAX + _beyond(chance) - len(name))


def _sha256(chance: random.Random, body: Body) -> None:
    artifact = body["spec"]["bundle"].get("artifact")
    if artifact is not None:
        artifact["sha256"] = artifact["sha256"][_beyond(chance) :]


def _python(chance: random.Random, body: Body) -> None:
    if "artifact" in body["spec"]["bundle"]:
        body["spec"]["bundle"]["artifact"]["pythonVersion"] = chance.choice(
            ("3.12", "3.123", "3.12.123", "3.12.1234", "2.7")
        )


def _function(_: random.Random, body: Body) -> None:
    """One function too few of a zip, one too many of a pickle, or of a clone of either."""
    spec = body["spec"]["bundle"]
    if "loadModelFn" in spec:
        del spec["loadModelFn"]
    else:
        spec["loadModelFn"] = "model.load"


def _env(chance: random.Random, body: Body) -> None:
    entries = [{"name": f"V{n}", "value": "x"} for n in range(oracle.ENV_MAX + _beyond(chance))]
    body["spec"]["bundle"]["env"] = entries


def _env_name(chance: random.Random, body: Body) -> None:
    name = chance.choice(("E" * (oracle.ENV_NAME_MAX + _beyond(chance)), "PATH", "PATHS", "LD_X", "LDX", "TWICE"))
    entries = [{"name": name, "value": "v" * (oracle.ENV_VALUE_MAX + _beyond(chance))}]
    body["spec"]["bundle"]["env"] = entries * (2 if name == "TWICE" else 1)


def _requirements(chance: random.Random, body: Body) -> None:
    body["spec"]["bundle"]["requirements"] = chance.choice(
        (["r" * (oracle.REQUIREMENT_MAX + _beyond(chance))], ["r"] * (oracle.REQUIREMENTS_MAX + _beyond(chance)))
    )


def _integer(chance: random.Random, body: Body) -> None:
    body["spec"]["bundle"]["appConfig"] = {"n": chance.choice((1, -1)) * (oracle.INTEGER_MAX + _beyond(chance))}


def _keys(chance: random.Random, body: Body) -> None:
    body["spec"]["bundle"]["appConfig"] = {f"k{n}": n for n in range(oracle.KEYS_MAX + _beyond(chance))}


def _size(chance: random.Random, body: Body) -> None:
    """A document that is as large as one may be, or a byte larger."""
    spec = body["spec"]["bundle"]
    if "artifact" not in spec:
        return
    spec.pop("appConfigJSON", None)
    spec["appConfig"] = {"text": ""}
    document = oracle.canonical(oracle.document(spec))
    spec["appConfig"] = {"text": "t" * (oracle.DOCUMENT_MAX + _beyond(chance) - len(document.encode()))}


def _config_json(chance: random.Random, body: Body) -> None:
    spec = body["spec"]["bundle"]
    if chance.random() < 0.7:
        spec.pop("appConfig", None)
    spec["appConfigJSON"] = chance.choice(('{"a": 1.0}', '{"a": 1.0', "[]", "{}", '{"n": 9007199254740993}'))


def _schema(chance: random.Random, body: Body) -> None:
    spec = body["spec"]["bundle"]
    spec.pop(chance.choice(("requestSchema", "responseSchema")), None)
    spec[chance.choice(("requestSchema", "responseSchema"))] = chance.choice(({}, {"type": "object"}))


def _serving(chance: random.Random, body: Body) -> None:
    serving = body["spec"]["serving"]
    serving["replicas"] = 0
    what = chance.choice(("gpu", "low", "high"))
    if what == "gpu":
        serving["gpu"]["count"] = oracle.GPUS[1] + _beyond(chance)
        return
    field, (low, high) = chance.choice(list(oracle.SERVING.items()))
    serving[field] = low - _beyond(chance) if what == "low" else high + _beyond(chance)
    if serving["replicas"] > 0:  # as many pods as there may be are not wanted here
        serving["replicas"] = oracle.SERVING["replicas"][1] + 1


def _source(chance: random.Random, body: Body) -> None:
    """A base that is not there, both sources or none, a circle, another digest than the base has."""
    spec = body["spec"]["bundle"]
    if "artifact" in spec:
        if _beyond(chance):
            spec["cloneFrom"] = {"name": "nobody"}
        else:
            del spec["artifact"]
        return
    if chance.random() < 0.5:
        spec["cloneFrom"]["name"] = chance.choice(("nobody", body["metadata"]["name"]))
    else:
        spec["cloneFrom"]["digest"] = "sha256:" + "0" * 64


OFF = (
    _name,
    _sha256,
    _python,
    _function,
    _env,
    _env_name,
    _requirements,
    _integer,
    _keys,
    _size,
    _config_json,
    _schema,
    _serving,
    _source,
)
