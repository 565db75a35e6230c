"""From what the user wrote to what is to run: the bundle document and its digest.

Here live the checks that CEL cannot make, because it sees neither into free-form maps (appConfig, the schemas) nor
whether they are set at all. Pure; a clone will be resolved against its base before `_resolution` sees its fields.
"""

import json
from dataclasses import dataclass
from typing import Any

from bundle_runtime.canonical import bundle_document, canonical
from bundle_runtime.document import digest

from .api import ModelBundle, Reason
from .api_bundle import DOCUMENT_MAX
from .errors import Terminal
from .json_schema import check_schema


@dataclass(frozen=True)
class Resolution:
    """What is to run. `canonical` is bundle.json, `digest` its sha256; `uri` is where the artifact lies."""

    document: dict[str, Any]
    canonical: str
    digest: str
    uri: str


def resolve(bundle: ModelBundle) -> Resolution:
    """The bundle's document; Terminal says where the bundle is wrong and what to do."""
    if bundle.spec.bundle.clone_from is not None:
        raise Terminal(
            Reason.CLONE_NOT_SUPPORTED,
            "spec.bundle.cloneFrom: this operator does not resolve clones yet. Write the bundle out in full, under a"
            " new name.",
        )
    return _resolution(bundle.spec.bundle.model_dump(by_alias=True, exclude_none=True))


def _resolution(fields: dict[str, Any]) -> Resolution:
    _check_config(fields)
    try:
        document = bundle_document(fields)
        written = canonical(document)
    except ValueError as error:
        raise Terminal(Reason.INVALID_VALUE, _full_path(str(error)) + ". " + _NEW_BUNDLE) from None
    if len(written) > DOCUMENT_MAX:
        raise Terminal(
            Reason.TOO_LARGE,
            f"spec.bundle: {len(written)} bytes as canonical JSON, {DOCUMENT_MAX} are allowed. Put large values into"
            " the artifact, in a new bundle under a new name.",
        )
    _check_schemas(document)
    return Resolution(document, written.decode(), digest(written), fields["artifact"]["uri"])


_NEW_BUNDLE = "spec.bundle is immutable: create a corrected bundle under a new name."


def _full_path(text: str) -> str:
    return text.replace("$.", "spec.bundle.")


def _check_config(fields: dict[str, Any]) -> None:
    text = fields.get("appConfigJSON")
    if text is None:
        return
    if fields.get("appConfig"):
        raise Terminal(
            Reason.INVALID_VALUE,
            "spec.bundle.appConfig and spec.bundle.appConfigJSON are one field in two spellings: set one of them."
            f" {_NEW_BUNDLE}",
        )
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Terminal(
            Reason.INVALID_VALUE, f"spec.bundle.appConfigJSON is no JSON text: {error}. {_NEW_BUNDLE}"
        ) from None
    if not isinstance(value, dict):
        raise Terminal(
            Reason.INVALID_VALUE,
            f"spec.bundle.appConfigJSON must be a JSON object, like appConfig; it is {_json_type(value)}."
            f" {_NEW_BUNDLE}",
        )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _json_type(value: Any) -> str:
    names = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return names[type(value)]


def _check_schemas(document: dict[str, Any]) -> None:
    present = [name for name in ("requestSchema", "responseSchema") if name in document]
    if len(present) == 1:
        other = "responseSchema" if present == ["requestSchema"] else "requestSchema"
        raise Terminal(
            Reason.INVALID_SCHEMA,
            f"spec.bundle.{present[0]} is set and spec.bundle.{other} is not, or is {{}}, which counts as not set: set"
            f" both or neither. {_NEW_BUNDLE}",
        )
    for name in present:
        if problem := check_schema(document[name]):
            raise Terminal(Reason.INVALID_SCHEMA, f"spec.bundle.{name}{problem}. {_NEW_BUNDLE}")
