"""What a ModelBundle runs, whether it stands in a file or in the cluster, is written out or cloned. Pure.

The commands that compare, explain and derive bundles all begin here, so they mean the same by "the bundle": the fields
of spec.bundle as they would stand without cloneFrom, the canonical document, and its digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Dict, Optional

from bundle_spec.admission import content_refusals, refusals
from bundle_spec.canonical import LARGEST_DOCUMENT, bundle_document, canonical
from bundle_spec.document import BundleDocument, digest
from bundle_spec.exact_values import read_config_json
from bundle_spec.inherit import inherit
from bundle_spec.names import ConditionType
from bundle_spec.value_count import check_count
from launch.bundle.conditions import conditions
from launch.bundle.manifest import name_of
from launch.errors import InvalidBundleError

# the order in which fields are written and compared
FIELDS = (
    "artifact", "envParams", "requirements", "appConfig", "appConfigJSON", "env", "loadPredictFn", "loadModelFn",
    "requestSchema", "responseSchema",
)  # fmt: skip


class ContentError(InvalidBundleError):
    """It cannot be said what the bundle runs, or it could not run; the text says why and what to do."""


@dataclass(frozen=True)
class Content:
    """`fields` are those of the canonical document, so 1.0 is 1 in them; and the artifact has its URI."""

    name: str
    fields: Mapping[str, Any]
    canonical: bytes
    digest: str
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> BundleDocument:
        """The document that `canonical` is the bytes of, a new one at each call."""
        found: BundleDocument = json.loads(self.canonical)
        return found


def content_of_manifest(manifest: Mapping[str, Any], base: Optional[Content] = None, *, local: bool = True) -> Content:
    """Of a bundle that is not in the cluster yet, checked as far as that is possible here.

    `base` is what a clone is made from: the result is what the operator will make of it, if the base is this one still.
    With `local` the artifact's URI may be a path.
    """
    fields = manifest["spec"]["bundle"]
    if base is not None:
        fields = _inherited(fields, base)
    problems = refusals(manifest, local=local) or content_refusals(fields)
    if problems:
        raise ContentError("; ".join(problems))
    return content_of_fields(fields, manifest)


def content_of_fields(fields: Mapping[str, Any], manifest: Mapping[str, Any], accepted: Any = None) -> Content:
    """Of a bundle that inherits nothing; `fields` are its spec.bundle. One that the operator has `accepted` under this
    digest may have more values than a new one."""
    try:
        if fields.get("appConfigJSON") is not None:
            read_config_json(fields["appConfigJSON"])
        document = bundle_document(fields)
        written = canonical(document)
        if digest(written) != accepted:
            check_count(document)
    except ValueError as error:
        raise ContentError(full_path(error)) from None
    if len(written) > LARGEST_DOCUMENT:
        raise ContentError(
            f"spec.bundle has {len(written)} bytes as canonical JSON, {LARGEST_DOCUMENT} are allowed: put large values "
            "into the artifact"
        )
    return _content(name_of(manifest), written, (fields.get("artifact") or {}).get("uri"), manifest)


def content_of_object(bundle: Mapping[str, Any]) -> Content:
    """Of a bundle in the cluster: its own fields, or what the operator resolved the clone to."""
    spec, status = bundle["spec"]["bundle"], bundle.get("status") or {}
    if not spec.get("cloneFrom"):
        found = content_of_fields(spec, bundle, status.get("digest"))
    else:
        record = status.get("resolved") or {}
        if not record.get("document"):
            raise ContentError(_unresolved(bundle))
        found = _content(name_of(bundle), record["document"].encode("utf-8"), record.get("uri"), bundle)
    recorded = status.get("digest")
    if recorded not in (None, found.digest):
        raise ContentError(
            f"the operator says that {found.name} has the digest {recorded}, this command makes it {found.digest}: "
            "they are of different versions; use the command of the operator's release"
        )
    return found


def known_content(bundle: Mapping[str, Any]) -> Optional[Content]:
    """None where it cannot be told, as of a clone that the operator has not resolved."""
    try:
        return content_of_object(bundle)
    except ContentError:
        return None


def _inherited(clone: Mapping[str, Any], base: Content) -> Mapping[str, Any]:
    wanted = clone["cloneFrom"].get("digest")
    if wanted not in (None, base.digest):
        raise ContentError(
            f"spec.bundle.cloneFrom.digest is {wanted}, and the base {base.name} has {base.digest}: it is another "
            "bundle of that name"
        )
    try:
        return inherit(base.fields, clone)
    except ValueError as error:
        raise ContentError(full_path(error)) from None


def full_path(error: ValueError) -> str:
    """Messages about a document count from spec.bundle."""
    return str(error).replace("$.", "spec.bundle.")


def _content(name: str, written: bytes, uri: Any, manifest: Mapping[str, Any]) -> Content:
    try:
        fields: Dict[str, Any] = json.loads(written)
        fields.pop("schemaVersion")
    except (ValueError, KeyError, AttributeError, TypeError):  # who may write status may write anything there
        raise ContentError(f"status.resolved of {name} does not hold a bundle document: it was overwritten") from None
    if uri and "artifact" in fields:
        fields["artifact"] = {"uri": uri, **fields["artifact"]}
    ordered = {key: fields[key] for key in FIELDS if key in fields}
    return Content(name, ordered, written, digest(written), manifest)


def _unresolved(bundle: Mapping[str, Any]) -> str:
    ready = conditions(bundle).get(ConditionType.READY, {})
    why = f"{ready.get('reason')}: {ready.get('message', '')}" if ready else "no operator has looked at it yet"
    base = bundle["spec"]["bundle"]["cloneFrom"]["name"]
    return f"{name_of(bundle)} is a clone of {base} and not resolved: {why}"
