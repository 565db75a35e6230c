"""Volumes that an author asks for: the worker's alone, read-only unless a claim is to be written to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from modelbundle_operator.api.names import ANNOTATION_INPUTS
from modelbundle_operator.tools.crd import object_schema

from bundle_runtime.contract.layout import Layout
from bundle_spec.admission import refusals
from tests.operator.render.test_desired import containers, plan, pod
from tools.testkit.model_bundles import model_bundle

CLAIM = {"name": "weights", "mountPath": "/models/weights", "persistentVolumeClaim": {"claimName": "llama"}}
CONFIG = {"name": "labels", "mountPath": "/etc/labels", "configMap": {"name": "labels", "optional": True}}
SECRET = {"name": "cert", "mountPath": "/etc/cert", "secret": {"secretName": "client-cert"}}


def made(*volumes: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the pod and the worker have beside the operator's own."""
    plain, result = plan(), plan({"volumes": list(volumes)})
    own, mounts = pod(plain)["volumes"], containers(plain)["worker"]["volumeMounts"]
    found = pod(result)["volumes"], containers(result)["worker"]["volumeMounts"]
    assert (found[0][: len(own)], found[1][: len(mounts)]) == (own, mounts)
    return found[0][len(own) :], found[1][len(mounts) :]


@pytest.mark.parametrize(
    ("volume", "source", "mount"),
    [
        (CLAIM, {"persistentVolumeClaim": {"claimName": "llama", "readOnly": True}}, {"readOnly": True}),
        (CONFIG, {"configMap": {"name": "labels", "optional": True}}, {"readOnly": True}),
        (SECRET, {"secret": {"secretName": "client-cert"}}, {"readOnly": True}),
        ({**CLAIM, "readOnly": False}, {"persistentVolumeClaim": {"claimName": "llama"}}, {}),
        (
            {**CLAIM, "subPath": "v3"},
            {"persistentVolumeClaim": {"claimName": "llama", "readOnly": True}},
            {"subPath": "v3", "readOnly": True},
        ),
    ],
)
def test_each_kind(volume: dict[str, Any], source: dict[str, Any], mount: dict[str, Any]) -> None:
    name = f"volume-{volume['name']}"
    assert made(volume) == (
        [{"name": name, **source}],
        [{"name": name, "mountPath": volume["mountPath"], **mount}],
    )


def test_the_worker_alone_has_them() -> None:
    plain, result = (containers(plan(serving, requirements=["numpy"])) for serving in (None, {"volumes": [CLAIM]}))
    for name in ("prepare", "install", "server"):
        assert result[name] == plain[name]


def test_no_name_is_one_of_the_operators() -> None:
    own = {volume["name"] for volume in pod(plan())["volumes"]}
    volumes = [{**SECRET, "name": name, "mountPath": f"/mine/{name}"} for name in sorted(own)]
    names = [volume["name"] for volume in pod(plan({"volumes": volumes}))["volumes"]]
    assert len(names) == len(set(names)) == 2 * len(own)


def test_what_a_default_says_out_loud_is_no_change() -> None:
    quiet, said = (plan({"volumes": [volume]}).deployment for volume in (CLAIM, {**CLAIM, "readOnly": True}))
    assert quiet == said
    assert plan({"volumes": []}).deployment == plan().deployment
    writes = plan({"volumes": [{**CLAIM, "readOnly": False}]}).deployment
    assert writes["metadata"]["annotations"][ANNOTATION_INPUTS] != quiet["metadata"]["annotations"][ANNOTATION_INPUTS]


def paths_of_the_worker() -> list[str]:
    return [mount["mountPath"] for mount in containers(plan(requirements=["numpy"]))["worker"]["volumeMounts"]]


@pytest.mark.parametrize("path", [*paths_of_the_worker(), Layout().root, "/tmp/home", "/proc/self", "/usr"])
def test_no_volume_lies_where_the_worker_has_its_own(path: str) -> None:
    (words,) = refusals(model_bundle(serving={"volumes": [{**CLAIM, "mountPath": path}]}))
    assert words.startswith("spec.serving.volumes[0].mountPath: mountPath is a place that the runtime")
    schema = object_schema()["properties"]["spec"]["properties"]["serving"]["properties"]["volumes"]["items"]
    rules = [rule["rule"] for rule in schema["properties"]["mountPath"]["x-kubernetes-validations"]]
    (pattern,) = re.findall(r"matches\('(\^/\(modelbundle.*)'\)", " ".join(rules))
    assert re.search(pattern, path)


@pytest.mark.parametrize("path", ["/models", "/tmpfs", "/usr/share/models", "/modelbundles", "/root/.cache/hub"])
def test_other_places_are_free(path: str) -> None:
    assert refusals(model_bundle(serving={"volumes": [{**CLAIM, "mountPath": path}]})) == []
