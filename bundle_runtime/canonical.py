"""spec.bundle becomes the bundle document and its canonical bytes.

The operator and `modelbundle serve` must give one bundle one digest, so this is the only place that decides what is
in the document and how it is written. Pure, Python 3.8+; document.py, in the user's image, reads it back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import rfc8785

from bundle_runtime.document import SCHEMA_VERSION

LARGEST_INTEGER = 2**53 - 1  # beyond it JSON readers disagree about the value (RFC 8785, RFC 7493)

_ARTIFACT = ("sha256", "packaging", "pythonVersion", "cloudpickleVersion")
_ENV_PARAMS = ("frameworkType", "pytorchImageTag", "tensorflowVersion", "customBaseImage")
_IMAGE = ("repository", "tag", "digest")
_FUNCTIONS = ("loadPredictFn", "loadModelFn")
_PLAIN = ("requirements", "appConfig", "appConfigJSON", *_FUNCTIONS, "requestSchema", "responseSchema")
_NOT_IN_THE_DOCUMENT = ("uri",)


def bundle_document(spec_bundle: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a resolved bundle: what is unset, {} or [] is absent, and no URI.

    ValueError says what is wrong with the bundle: a clone (resolve it first), a field that does not exist, or a value
    that has no canonical form.
    """
    if not _unset(spec_bundle.get("cloneFrom")):
        raise ValueError("a clone has no document of its own: resolve it against its base first")
    _refuse_others(spec_bundle, ("artifact", "envParams", "env", "cloneFrom", *_PLAIN), "$")
    if not _unset(spec_bundle.get("appConfig")) and not _unset(spec_bundle.get("appConfigJSON")):
        raise ValueError("$.appConfig and $.appConfigJSON are one field in two spellings: set one of them")
    document: dict[str, Any] = {"schemaVersion": SCHEMA_VERSION}
    parts: dict[str, Any] = {
        "artifact": _fields(spec_bundle.get("artifact"), _ARTIFACT, "$.artifact"),
        "envParams": _env_params(spec_bundle.get("envParams")),
        "env": [_env_entry(entry, index) for index, entry in enumerate(spec_bundle.get("env") or [])],
    }
    parts.update({name: spec_bundle.get(name) for name in _PLAIN})
    document.update({name: value for name, value in parts.items() if not _unset(value)})
    _check(document, "$")
    return document


def canonical(document: Mapping[str, Any]) -> bytes:
    """The document as RFC 8785 canonical JSON: the bytes of bundle.json."""
    _check(document, "$")
    return rfc8785.dumps(dict(document))


def _unset(value: Any) -> bool:
    return value is None or value == {} or value == []


def _fields(value: Any, names: tuple[str, ...], path: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{path} must be an object with the fields {', '.join(names)}")  # noqa: TRY004 - a bad value
    _refuse_others(value, (*names, *(_NOT_IN_THE_DOCUMENT if path == "$.artifact" else ())), path)
    return {name: value[name] for name in names if not _unset(value.get(name))}


def _env_params(value: Any) -> dict[str, Any]:
    params = _fields(value, _ENV_PARAMS, "$.envParams")
    if "customBaseImage" in params:
        params["customBaseImage"] = _fields(params["customBaseImage"], _IMAGE, "$.envParams.customBaseImage")
    return {name: entry for name, entry in params.items() if not _unset(entry)}


def _env_entry(entry: Any, index: int) -> dict[str, Any]:
    """A variable without a value is an empty one, as in a pod."""
    fields = _fields(entry, ("name", "value"), f"$.env[{index}]")
    return {"value": "", **fields}


def _refuse_others(value: Mapping[str, Any], names: tuple[str, ...], path: str) -> None:
    for name in value:
        if name not in names:
            raise ValueError(f"{path}.{name} is no field of a bundle; there are {', '.join(names)}")


def _check(value: Any, path: str) -> None:
    """ValueError with the JSON path of the first value that canonical JSON cannot carry exactly."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, (int, float)):
        _check_number(value, path)
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            if not isinstance(name, str):
                raise ValueError(f"{path} has the key {name!r}, which is no string: put it in quotes")  # noqa: TRY004
            _check_text(name, path)
            _check(entry, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for index, entry in enumerate(value):
            _check(entry, f"{path}[{index}]")
    else:
        raise ValueError(f"{path} is a {type(value).__name__}, which JSON does not have: put it in quotes")  # noqa: TRY004


def _check_text(value: str, path: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{path} holds half a surrogate pair, which is no character") from None


def _check_number(value: float, path: str) -> None:
    way_out = "write it in appConfigJSON, or as a string" if path.startswith("$.appConfig") else "write it as a string"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{path} is {value}, which JSON does not have: {way_out}")
    if abs(value) > LARGEST_INTEGER and value == int(value):
        raise ValueError(
            f"{path} is {value}, outside +-(2^53-1), where JSON readers disagree about integers: {way_out}"
        )
