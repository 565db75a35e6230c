"""The bundle document: what it holds, and its digest. canonical.py writes it, contract/document_loader.py reads it.

Copied into the user's image: standard library only, Python 3.8. Pure.
"""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, TypedDict

SCHEMA_VERSION = 1


class ArtifactDocument(TypedDict, total=False):
    """``sha256``: in hex; ``packaging``: "cloudpickle" or "zip"; the versions are of the client that packed it."""

    sha256: str
    packaging: str
    pythonVersion: str
    cloudpickleVersion: str


class ImageDocument(TypedDict, total=False):
    """An image of the user: ``tag``, ``digest`` (sha256:<hex>), or both."""

    repository: str
    tag: str
    digest: str


class EnvParamsDocument(TypedDict, total=False):
    """``frameworkType``: "pytorch", "tensorflow" or "custom_base_image", and the one field that goes with it."""

    frameworkType: str
    pytorchImageTag: str
    tensorflowVersion: str
    customBaseImage: ImageDocument


class EnvVariable(TypedDict):
    """A variable of the worker's environment."""

    name: str
    value: str


class BundleDocument(TypedDict, total=False):
    """What a bundle runs: what is unset is absent. ``artifact`` and ``envParams`` are in each that the operator takes.

    ``appConfig`` and ``appConfigJSON`` (a JSON text) are one field in two spellings. The schemas are JSON Schemas.
    """

    schemaVersion: int
    artifact: ArtifactDocument
    requirements: List[str]
    envParams: EnvParamsDocument
    env: List[EnvVariable]
    loadPredictFn: str
    loadModelFn: str
    appConfig: Dict[str, Any]
    appConfigJSON: str
    requestSchema: Any
    responseSchema: Any


def digest(canonical_bytes: bytes) -> str:
    """Of a document's canonical bytes, as status.digest and MODELBUNDLE_DIGEST have it: sha256:<hex>."""
    return "sha256:" + hashlib.sha256(canonical_bytes).hexdigest()
