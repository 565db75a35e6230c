"""spec.bundle becomes the bundle document and its canonical bytes.

The operator and `modelbundle serve` must give one bundle one digest, so this is the only place that decides what is
in the document and how it is written. Pure, Python 3.8+; contract/document_loader.py, in the user's image, reads it
back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import rfc8785

from bundle_spec.document import SCHEMA_VERSION, BundleDocument
from bundle_spec.exact_values import LARGEST_INTEGER, check_canonical

__all__ = ["LARGEST_DOCUMENT", "LARGEST_INTEGER", "bundle_document", "canonical"]

LARGEST_DOCUMENT = 192 * 1024  # kubectl's annotation of the last applied object ends at 256 KiB

_ARTIFACT = ("sha256", "packaging", "pythonVersion", "cloudpickleVersion")
_ENV_PARAMS = ("frameworkType", "pytorchImageTag", "tensorflowVersion", "customBaseImage")
_IMAGE = ("repository", "tag", "digest")
_FUNCTIONS = ("loadPredictFn", "loadModelFn")
_PLAIN = ("requirements", "appConfig", "appConfigJSON", *_FUNCTIONS, "requestSchema", "responseSchema")
_NOT_IN_THE_DOCUMENT = ("uri",)


def bundle_document(spec_bundle: Mapping[str, Any]) -> BundleDocument:
    """The document of a resolved bundle: what is unset, {} or [] is absent, and no URI.

    ValueError says what is wrong with the bundle: a clone (resolve it first), or a field that does not exist. Whether
    each value has a canonical form `canonical` asks.
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
    return cast("BundleDocument", document)


def canonical(document: Mapping[str, Any]) -> bytes:
    """The document as RFC 8785 canonical JSON: the bytes of bundle.json. ValueError names a value that has none."""
    check_canonical(document)
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
    if isinstance(entry, Mapping) and "valueFrom" in entry:
        raise ValueError(
            f"$.env[{index}].valueFrom is not part of a bundle, whose env has plain values: a key of a Secret goes into"
            " spec.serving.env"
        )
    fields = _fields(entry, ("name", "value"), f"$.env[{index}]")
    return {"value": "", **fields}


def _refuse_others(value: Mapping[str, Any], names: tuple[str, ...], path: str) -> None:
    for name in value:
        if name not in names:
            raise ValueError(f"{path}.{name} is not a field of a bundle; there are {', '.join(names)}")
