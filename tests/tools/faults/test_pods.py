"""Containers of the stand-in kubelet say as they end what the operator would read of real ones."""

from __future__ import annotations

import json
from typing import Any

from bundle_runtime.contract.layer import layer_reference, layer_uri
from tools.faults.pods import over, ready

Body = dict[str, Any]
ARTIFACT = "s3://models/one.zip"
LAYER = f"sha256:{'1' * 64}"


def container(name: str, *command: str) -> Body:
    return {"name": name, "image": "i", "command": list(command)}


JOB = {
    "initContainers": [container("prepare"), container("install")],
    "containers": [container("store", "python", "-m", "bundle_runtime.store", "--beside", ARTIFACT)],
}
OF_A_BUNDLE = {
    "initContainers": [container("prepare"), container("install"), {**container("server"), "restartPolicy": "Always"}],
    "containers": [container("worker")],
}


def said(status: Body, name: str) -> Body:
    (found,) = (each for each in status["initContainerStatuses"] + status["containerStatuses"] if each["name"] == name)
    return dict(json.loads(found["state"]["terminated"]["message"]))


def test_a_job_ends_with_a_layer_where_the_bundle_may_have_one() -> None:
    layer = layer_reference(said(over({"spec": JOB}), "store")["layer"])
    assert layer is not None
    assert layer.uri == layer_uri(ARTIFACT, layer.sha256)
    assert "layer" not in said(over({"spec": JOB}), "install")


def test_a_pod_that_is_told_of_a_layer_has_used_it_and_another_has_installed() -> None:
    assert said(ready({"spec": OF_A_BUNDLE}, LAYER), "install")["layer"] == LAYER
    assert "layer" not in said(ready({"spec": OF_A_BUNDLE}, LAYER), "prepare")
    assert "layer" not in said(ready({"spec": OF_A_BUNDLE}), "install")


def test_what_serves_has_not_ended() -> None:
    (worker,) = ready({"spec": OF_A_BUNDLE}, LAYER)["containerStatuses"]
    assert set(worker["state"]) == {"running"}
