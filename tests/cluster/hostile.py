"""What a tenant may write to take the operator of everybody down: each once cost the process, its memory or its time.

A kind has a size for every run and one for `make soak`; what stands beside a published attack is a variant of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.cluster.bundles import manifest

ARTIFACT = {"uri": "s3://models/none.zip", "sha256": "0" * 64, "packaging": "zip"}
OURS = {"app.kubernetes.io/managed-by": "modelbundle-operator"}


@dataclass(frozen=True)
class Attack:
    """Manifests as text, one JSON document a line, and what their objects must say."""

    name: str
    manifests: tuple[str, ...]
    reason: str  # of Ready; empty where the objects are not of a kind of ours


def attacks(*, all_of_them: bool) -> Iterator[Attack]:
    """Those for every run, or every size of them."""
    for levels in (13, 16, 24) if all_of_them else (24,):
        yield _schema(f"uneval-{levels}", _unevaluated(levels), "InvalidSchema")
    for count in (200, 2000) if all_of_them else (2000,):
        yield _schema(f"regex-{count}", _patterns(count), "InvalidSchema")
    for levels in (960, 2000, 9900) if all_of_them else (960, 9900):
        for name, opening, closing in (("lists", "[", "]"), ("maps", '{"a":', "}"), ("both", '[{"":', "}]")):
            times = levels // 2 if name == "both" else levels
            yield _config(f"deep-{name}-{levels}", opening * times + "1" + closing * times, "InvalidValue")
    for levels in (130, 2000):
        yield _schema(f"deepschema-{levels}", _nested(levels), "InvalidSchema" if levels == 130 else "InvalidValue")
    size, times = 1_200_000, 40 if all_of_them else 4
    values = {"lists": "[],", "texts": '"a",', "maps": '{"":1},', "escaped": '"<>&",'}
    for name, value in values.items():
        wide = 3 if name == "escaped" else 1  # which the API server writes in six characters each
        text = value * (size // len(value) // wide)
        for number in range(times if name == "lists" else max(times // 6, 1)):
            yield _config(f"big-{name}-{number}", f"[{text}1]", "TooLarge")
    allowed = "[" + "[]," * 63_000 + "1]"  # twenty times as much, once it is parsed
    below = [_config(f"below-{number}", allowed, "").manifests[0] for number in range(150 if all_of_them else 6)]
    yield Attack("just-below-the-limit", tuple(below), "")
    # the second is sent in six bytes a character
    for name, data, count in (("labelled", "x" * 900_000, 600), ("labelled-escaped", "<" * 1_000_000, 60)):
        maps = [_labelled(f"{name}-{number}", data) for number in range(count if all_of_them else count // 30)]
        yield Attack(name, tuple(maps), "")
    notes = {"a": "x" * 250_000}
    endpoints = [_endpoint(f"endpoint-{number}", notes) for number in range(100 if all_of_them else 10)]
    yield Attack("noted-endpoints", tuple(endpoints), "BundleNotFound")
    yield Attack(
        "idle-for-ever", tuple(_idle(f"idle-{number}", digits) for number, digits in enumerate((30, 5000))), ""
    )


def costly(count: int) -> Attack:
    """Stored bundles that are all allowed, or nearly, and take as long to look at as their bytes can."""
    many = {f"a{n}": {f"p{m}": {"$ref": f"#/$defs/a{(7 * n + 13 * m) % 900}"} for m in range(6)} for n in range(900)}
    schema = json.dumps({"$defs": {name: {"properties": of} for name, of in many.items()}, "$ref": "#/$defs/a0"})
    wide = json.dumps({f"k{n}": {f"{m:x}": 1 for m in range(14)} for n in range(1000)})
    deep, deeper = (
        json.dumps({f"k{n}": "VALUE" for n in range(keys)}).replace('"VALUE"', '{"a":' * levels + "1" + "}" * levels)
        for keys, levels in ((60, 190), (60, 290))
    )
    made = [
        _schema("schema", schema, "").manifests[0],
        *(_config("config", value, "").manifests[0] for value in (wide, deep, deeper)),
    ]
    named = [
        made[n % 4]
        .replace('"name": "schema"', f'"name": "costly-{n}"', 1)
        .replace('"name": "config"', f'"name": "costly-{n}"', 1)
        for n in range(count)
    ]
    return Attack("costly", tuple(named), "")


def _config(name: str, value: str, reason: str) -> Attack:
    text = json.dumps(_stored(name, appConfig={"a": "VALUE"}))
    return Attack(name, (text.replace('"VALUE"', value),), reason)


def _schema(name: str, schema: dict[str, Any] | str, reason: str) -> Attack:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    bundle = json.dumps(_stored(name, requestSchema="SCHEMA", responseSchema={"type": "object"}))
    return Attack(name, (bundle.replace('"SCHEMA"', text),), reason)


def _stored(name: str, **fields: Any) -> dict[str, Any]:
    return manifest(name, ARTIFACT, {"replicas": 0}, loadPredictFn="p.load", loadModelFn="p.model", **fields)


def _unevaluated(levels: int) -> dict[str, Any]:
    """Compiling it takes some compilers four times as long for each level."""
    chain = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    leaf = {f"a{levels}": {"properties": {"x": True}}}
    return {"$defs": {**chain, **leaf}, "$ref": "#/$defs/a0", "unevaluatedProperties": False}


def _patterns(count: int) -> dict[str, Any]:
    """Each is 3.5 MiB once compiled."""
    return {"properties": {f"p{n}": {"pattern": rf"((\w{{30}}){{30}}){{28}}{n}"} for n in range(count)}}


def _nested(levels: int) -> str:
    return '{"properties":{"a":' * levels + '{"type":"integer"}' + "}}" * levels


def _labelled(name: str, data: str) -> str:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": OURS}, "data": {"x": data}}
    )


def _idle(name: str, digits: int) -> str:
    """A pod that says to be a bundle's, with a number in its command that no bundle has there."""
    confined = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"}}  # fmt: skip
    command = ["none", "--idle-seconds", "9" * digits]
    server = {"name": "server", "image": "none", "command": command, "securityContext": confined}
    labels = {**OURS, "modelbundle.dev/bundle": "deep-lists-960"}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
         "spec": {"containers": [server], "nodeSelector": {"there.is": "none"}}}
    )  # fmt: skip


def _endpoint(name: str, notes: dict[str, str]) -> str:
    return json.dumps(
        {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint",
         "metadata": {"name": name, "annotations": notes}, "spec": {"bundle": "nobody"}}
    )  # fmt: skip
