"""The objects that a user of the scenarios creates. Pure."""

from __future__ import annotations

from typing import Any

from tools.testkit.rest import GROUP

Body = dict[str, Any]


def bundle(name: str, replicas: int = 1, **fields: Any) -> Body:
    """A bundle that is right, and small."""
    spec: Body = {
        "artifact": {"uri": f"s3://models/{name}.zip", "sha256": "0123456789abcdef" * 4, "packaging": "zip"},
        "envParams": {
            "frameworkType": "custom_base_image",
            "customBaseImage": {"repository": "docker.io/stand-in/python", "tag": "3.12"},
        },
        "loadPredictFn": "predict.load",
        "loadModelFn": "model.load",
        **fields,
    }
    return _bundle(name, replicas, spec)


def clone(name: str, of: str, replicas: int = 1, **fields: Any) -> Body:
    return _bundle(name, replicas, {"cloneFrom": {"name": of}, **fields})


def with_gpu(body: Body) -> Body:
    """It is tried by a Job first."""
    body["spec"]["serving"]["gpu"]["count"] = 1
    return body


def _bundle(name: str, replicas: int, spec: Body) -> Body:
    serving = {"replicas": replicas, "gpu": {"count": 0}}
    return {
        "apiVersion": GROUP,
        "kind": "ModelBundle",
        "metadata": {"name": name},
        "spec": {"bundle": spec, "serving": serving},
    }


def endpoint(name: str, of: str) -> Body:
    return {"apiVersion": GROUP, "kind": "ModelEndpoint", "metadata": {"name": name}, "spec": {"bundle": of}}


def quota(**hard: str) -> Body:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}, "spec": {"hard": hard}}
