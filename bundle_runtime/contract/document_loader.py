"""The bundle document as containers read it: its digest, and trusted only when that is the one the pod was made for.

A pod's digest is fixed in its template; the ConfigMap can be edited by hand. Without this check a container that
restarts would quietly serve something else under the old digest. bundle_spec/canonical.py writes what is read here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import cast

from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import BUNDLE_DOCUMENT_MISMATCH, fail
from bundle_spec.document import SCHEMA_VERSION, BundleDocument, digest

DIGEST_VARIABLE = "MODELBUNDLE_DIGEST"


def load(layout: Layout, expected_digest: str) -> BundleDocument:
    """The document, checked; a RuntimeFailure (BundleDocumentMismatch) says what differs and what to do."""
    path = layout.config_file
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise fail(BUNDLE_DOCUMENT_MISMATCH, f"cannot read the bundle document {path}: {error}") from error
    found = digest(content)
    if found != expected_digest:
        raise fail(
            BUNDLE_DOCUMENT_MISMATCH,
            f"the bundle document has the digest {found}, this pod was made for "
            f"{expected_digest or f'none ({DIGEST_VARIABLE} is not set)'}: the bundle's ConfigMap was edited. "
            "The operator writes it back; the container then starts.",
        )
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise fail(BUNDLE_DOCUMENT_MISMATCH, f"the bundle document is not valid JSON: {error}") from error
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise fail(
            BUNDLE_DOCUMENT_MISMATCH,
            f"the bundle document has schemaVersion {version!r}, this runtime image knows {SCHEMA_VERSION}: use the "
            "runtime image of the operator that wrote it.",
        )
    return cast("BundleDocument", document)


def load_from_environment(layout: Layout, environment: Mapping[str, str] = os.environ) -> BundleDocument:
    """load() with the digest that the pod was made for."""
    return load(layout, environment.get(DIGEST_VARIABLE, ""))
