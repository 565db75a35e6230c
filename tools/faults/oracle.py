"""What has to become of a bundle, by the documentation alone: reference/crd.md, how-to/clones.md, reference/digest.md.

A second opinion: nothing of the product is imported, so an error in one of them is not an error in both. It knows the
fields that chance.py sets, and no others. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]

NAME_MAX = 52
DOCUMENT_MAX = 192 * 1024
INTEGER_MAX = 2**53 - 1
ENV_MAX, ENV_NAME_MAX, ENV_VALUE_MAX = 128, 128, 8192
REQUIREMENTS_MAX, REQUIREMENT_MAX = 512, 512
KEYS_MAX = 1024
# (low, high) of what a number of spec.serving may be
SERVING = {
    "replicas": (0, 10000),
    "maxConcurrency": (1, 1024),
    "requestTimeoutSeconds": (1, 86400),
}
GPUS = (0, 64)

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_FIELDS = (
    *("artifact", "envParams", "requirements", "appConfig", "appConfigJSON", "env"),
    *("loadPredictFn", "loadModelFn", "requestSchema", "responseSchema"),
)


@dataclass(frozen=True)
class Outcome:
    """What is expected of one bundle. `reason` is that of Ready; the rest is of a bundle that is resolved."""

    admitted: bool
    reason: str = ""
    stalled: bool = False
    digest: str = ""
    document: str = ""
    root: str = ""
    parent: str = ""
    depth: int = 0
    changed: tuple[str, ...] = ()


REFUSED = Outcome(admitted=False)


def outcomes(bundles: Mapping[str, Body]) -> dict[str, Outcome]:
    """Of bundles of one namespace, whatever order they were created in."""
    return {name: _outcome(name, bundles) for name in bundles}


def _outcome(name: str, bundles: Mapping[str, Body]) -> Outcome:
    body = bundles[name]
    if not admitted(body):
        return REFUSED
    spec = body["spec"]["bundle"]
    found = _content(name, bundles)
    if isinstance(found, str):
        if found == "BaseNotResolved":
            return Outcome(True, found, _outcome(spec["cloneFrom"]["name"], bundles).stalled)
        return Outcome(True, found, found != "BaseNotFound")
    text = canonical(found)
    line = _line(name, bundles)
    base = _content(line[0], bundles) if line else {}
    assert isinstance(base, dict)
    return Outcome(
        admitted=True,
        reason="Serving" if body["spec"]["serving"].get("replicas", 1) else "Stored",
        digest=_digest(text),
        document=text,
        root=line[-1] if line else name,
        parent=spec["cloneFrom"]["name"] if line else "",
        depth=len(line),
        changed=tuple(sorted({_name_of(field) for field in _FIELDS if base.get(field) != found.get(field)}))
        if line
        else (),
    )


def _name_of(field: str) -> str:
    return "appConfig" if field == "appConfigJSON" else field


def _line(name: str, bundles: Mapping[str, Body]) -> list[str]:
    """Its bases, the nearest first."""
    asked = bundles[name]["spec"]["bundle"].get("cloneFrom")
    return [asked["name"], *_line(asked["name"], bundles)] if asked else []


# what the API server takes


def admitted(body: Body) -> bool:
    name, spec, serving = body["metadata"]["name"], body["spec"]["bundle"], body["spec"]["serving"]
    return all(
        (
            _names_one(name),
            "cloneFrom" not in spec or _names_one(spec["cloneFrom"]["name"]),
            ("artifact" in spec) != ("cloneFrom" in spec),
            "artifact" not in spec or _artifact(spec),
            _env(spec.get("env", [])),
            _requirements(spec.get("requirements", [])),
            all(len(spec.get(field, {})) <= KEYS_MAX for field in ("appConfig", "requestSchema", "responseSchema")),
            "appConfigJSON" not in spec or 1 <= len(spec["appConfigJSON"]) <= DOCUMENT_MAX,
            all(low <= serving.get(field, low) <= high for field, (low, high) in SERVING.items()),
            GPUS[0] <= serving["gpu"]["count"] <= GPUS[1],
        )
    )


def _names_one(name: str) -> bool:
    return len(name) <= NAME_MAX and _NAME.fullmatch(name) is not None


def _artifact(spec: Body) -> bool:
    artifact = spec["artifact"]
    functions = ["loadPredictFn" in spec, "loadModelFn" in spec]
    python = artifact.get("pythonVersion", "3.1")
    return (
        re.fullmatch("[0-9a-f]{64}", artifact["sha256"]) is not None
        and re.fullmatch(r"3\.[0-9]{1,2}(\.[0-9]{1,3})?", python) is not None
        and (all(functions) if artifact["packaging"] == "zip" else not any(functions))
        and "envParams" in spec
    )


def _env(entries: list[Body]) -> bool:
    names = [entry["name"] for entry in entries]
    own = re.compile(r"(PYTHON|LD_|MODELBUNDLE_|NVIDIA_|HIP_|ROCR_|HABANA_).*|PATH|HOME|TMPDIR")
    return (
        len(entries) <= ENV_MAX
        and len(set(names)) == len(names)
        and all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and len(name) <= ENV_NAME_MAX for name in names)
        and not any(own.fullmatch(name) for name in names)
        and all(len(entry["value"]) <= ENV_VALUE_MAX for entry in entries)
    )


def _requirements(lines: list[str]) -> bool:
    return len(lines) <= REQUIREMENTS_MAX and all(
        1 <= len(line) <= REQUIREMENT_MAX and re.fullmatch(r"[A-Za-z0-9][^\r\n]*", line) for line in lines
    )


# what the operator makes of what was taken


def _content(name: str, bundles: Mapping[str, Body], seen: tuple[str, ...] = ()) -> Body | str:
    """The bundle document, or the reason why there is none."""
    spec = bundles[name]["spec"]["bundle"]
    asked = spec.get("cloneFrom")
    if asked is None:
        return _judged(document(spec))
    if _goes_in_a_circle(name, bundles):
        return "CloneCycle"
    if asked["name"] not in bundles or not admitted(bundles[asked["name"]]):
        return "BaseNotFound"
    base = _content(asked["name"], bundles, (*seen, name))
    if isinstance(base, str):
        return "BaseNotResolved"
    if asked.get("digest", _digest(canonical(base))) != _digest(canonical(base)):
        return "BaseChanged"
    return _judged(_inherited(base, document(spec, cleared=True)))


def _goes_in_a_circle(name: str, bundles: Mapping[str, Body]) -> bool:
    """Whether it is derived from itself; what is derived from a circle without being in it waits for its base."""
    at, seen = name, set()
    while at in bundles and admitted(bundles[at]) and at not in seen:
        seen.add(at)
        asked = bundles[at]["spec"]["bundle"].get("cloneFrom")
        if asked is None:
            return False
        at = asked["name"]
        if at == name:
            return True
    return False


def document(spec: Body, cleared: bool = False) -> Body:
    """The document of these fields; `cleared`: with what a clone sets to nothing."""
    found: Body = {"schemaVersion": 1}
    for field in _FIELDS:
        value = spec.get(field)
        if value is None or (not cleared and value in ({}, [])):
            continue
        found[field] = {n: v for n, v in value.items() if n != "uri"} if field == "artifact" else value
    return found


def _inherited(base: Body, clone: Body) -> Body:
    found = dict(base)
    if {"appConfig", "appConfigJSON"} & set(clone):
        found.pop("appConfig", None)
        found.pop("appConfigJSON", None)
    found.update(clone)
    return {field: value for field, value in found.items() if value not in ({}, [])}


def _judged(document: Body) -> Body | str:
    if ("requestSchema" in document) != ("responseSchema" in document):
        return "InvalidSchema"
    if "appConfig" in document and "appConfigJSON" in document:
        return "InvalidValue"
    if not _every(document, lambda value: not isinstance(value, int) or abs(value) <= INTEGER_MAX):
        return "InvalidValue"
    if "appConfigJSON" in document and not _is_object(document["appConfigJSON"]):
        return "InvalidValue"
    if len(canonical(document).encode()) > DOCUMENT_MAX:
        return "TooLarge"
    if document["artifact"]["packaging"] != "zip" and {"loadPredictFn", "loadModelFn"} & set(document):
        return "InvalidValue"
    return document


def _every(value: Any, holds: Callable[[Any], bool]) -> bool:
    if isinstance(value, dict):
        return all(_every(item, holds) for item in value.values())
    if isinstance(value, list):
        return all(_every(item, holds) for item in value)
    return holds(value)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


# RFC 8785, of the values that are generated


def canonical(value: Any) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
