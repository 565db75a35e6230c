"""Bundles as the API server would hand them over, for the tables of tests."""

from __future__ import annotations

from typing import Any

SHA256 = "0123456789abcdef" * 4

ARTIFACT = {
    "uri": "s3://models/sentiment/bundle.pkl",
    "sha256": SHA256,
    "packaging": "cloudpickle",
    "pythonVersion": "3.8",
    "cloudpickleVersion": "3.1.2",
}
PYTORCH = {"frameworkType": "pytorch", "pytorchImageTag": "1.7.1-cuda11.0-cudnn8-runtime"}

# the seed's schemas, as pydantic writes them: the key `y` is a boolean to a YAML 1.1 reader when it has no quotes
REQUEST_SCHEMA = {
    "title": "MyRequestSchema",
    "type": "object",
    "properties": {"x": {"title": "X", "type": "integer"}, "y": {"title": "Y", "type": "string"}},
    "required": ["x", "y"],
}
RESPONSE_SCHEMA = {"title": "MyResponseSchema", "type": "integer"}


def bundle_spec(**fields: Any) -> dict[str, Any]:
    """spec.bundle: the seed's bundle, with fields replaced; None removes one."""
    spec = {
        "artifact": ARTIFACT,
        "envParams": PYTORCH,
        "requestSchema": REQUEST_SCHEMA,
        "responseSchema": RESPONSE_SCHEMA,
        **fields,
    }
    return {name: value for name, value in spec.items() if value is not None}


def model_bundle(name: str = "sentiment-v3", serving: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A whole ModelBundle object."""
    spec: dict[str, Any] = {"bundle": bundle_spec(**fields)}
    if serving is not None:
        spec["serving"] = serving
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": name, "namespace": "models", "uid": "6c1c5e5e-0001", "generation": 1},
        "spec": spec,
    }
