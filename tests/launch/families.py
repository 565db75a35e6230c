"""Bundles as a cluster has them once the operator has resolved them, for the tests of tree, diff, blame and others."""

import copy
import json
from typing import Any

from bundle_spec.canonical import bundle_document, canonical
from bundle_spec.document import digest
from bundle_spec.inherit import changed, inherit

ARTIFACT = {"uri": "s3://models/a.zip", "sha256": "a" * 64, "packaging": "zip", "pythonVersion": "3.12"}
ENV_PARAMS = {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "r/python", "tag": "3.12"}}
ROOT: dict[str, Any] = {
    "artifact": ARTIFACT,
    "envParams": ENV_PARAMS,
    "requirements": ["scikit-learn>=1.5", "numpy"],
    "appConfig": {"mode": "single", "layers": [1, 2]},
    "env": [{"name": "MODE", "value": "x"}],
    "loadPredictFn": "predict.load",
    "loadModelFn": "model.load",
}


def root(name: str, reason: str = "Serving", **fields: object) -> dict:
    bundle = {**copy.deepcopy(ROOT), **fields}
    return _object(name, bundle, bundle, {"lineage": {"root": name, "depth": 0}}, reason)


def clone(base: dict, name: str, reason: str = "Serving", **fields: object) -> dict:
    """What the operator makes of a clone."""
    own = {"cloneFrom": {"name": base["metadata"]["name"], "digest": base["status"]["digest"]}, **fields}
    before = json.loads(base["document"])
    uri = base["spec"]["bundle"].get("artifact", {}).get("uri") or base["status"]["resolved"]["uri"]
    full = inherit({**before, "artifact": {**before["artifact"], "uri": uri}}, own)
    document = bundle_document(full)
    lineage = {
        "root": base["status"]["lineage"]["root"],
        "parent": base["metadata"]["name"],
        "depth": base["status"]["lineage"]["depth"] + 1,
        "changed": changed(before, document),
    }
    origin = {"name": base["metadata"]["name"], "uid": base["metadata"]["uid"], "digest": base["status"]["digest"]}
    line = [base["metadata"]["name"], *base["status"].get("resolved", {}).get("ancestors", [])]
    record = {"base": origin, "uri": uri, "document": canonical(document).decode(), "ancestors": line}
    return _object(name, own, full, {"lineage": lineage, "resolved": record}, reason)


def waiting(name: str, base: str, reason: str = "BaseNotFound") -> dict:
    """A clone that could not be resolved."""
    made = _object(name, {"cloneFrom": {"name": base}}, ROOT, {}, reason)
    del made["status"]["digest"]
    made["status"]["conditions"][0]["status"] = "False"
    return made


_made = iter(range(10**9))


def _object(name: str, spec_bundle: dict, full: dict, status: dict, reason: str) -> dict:
    number = next(_made)
    written = canonical(bundle_document(full))
    ready = {"type": "Ready", "status": "True", "reason": reason, "message": "as it is"}
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {
            "name": name,
            "uid": f"uid-{number}",
            "generation": 1,
            "creationTimestamp": f"2026-01-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        },
        "spec": {"bundle": spec_bundle, "serving": {"replicas": 1, "gpu": {"count": 0}, "rollout": {"token": "t"}}},
        "status": {"observedGeneration": 1, "digest": digest(written), "conditions": [ready], **status},
        "document": written.decode(),
    }
