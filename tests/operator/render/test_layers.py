"""The layer of a bundle's requirements: what it depends on, and what of it stands in pods and in the ConfigMap."""

from __future__ import annotations

import json
from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.api.status import Layer
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import desired
from modelbundle_operator.render.layers import layer_inputs, why_no_layer
from modelbundle_operator.settings import Settings

from bundle_runtime.contract.layer import layer_reference
from tests.operator.render.test_desired import SETTINGS, containers, plan, pod
from tools.testkit.cluster_objects import at, layer
from tools.testkit.model_bundles import ARTIFACT, PYTORCH, model_bundle

Body = dict[str, Any]
NEEDS: Body = {"requirements": ["numpy==2.1.0"]}
S3: Body = {**ARTIFACT, "uri": "s3://models/a/b.pkl"}
THERE = Layer(inputs="sha256:1", time=at(0), **layer())


def inputs(serving: Body | None = None, settings: Settings = SETTINGS, name: str = "a", **fields: Any) -> str:
    bundle = parse(model_bundle(name, serving=serving, **{"artifact": S3, **NEEDS, **fields}))
    return layer_inputs(bundle, resolve(bundle), settings)


def changed(**settings: Any) -> Settings:
    return Settings(runtime_image=SETTINGS.runtime_image, artifact_secret=SETTINGS.artifact_secret, **settings)


# why, what is other, whether the layer may be
DEPENDS = [
    ("another bundle", {"name": "b"}, False),
    ("another app config", {"appConfig": {"a": 1}}, False),
    ("more replicas on GPUs", {"serving": {"replicas": 3, "gpu": {"count": 2}}}, False),
    ("another account", {"serving": {"serviceAccountName": "models"}}, False),
    ("another file of the bucket", {"artifact": {**S3, "uri": "s3://models/other.pkl"}}, False),
    ("another sha256", {"artifact": {**S3, "sha256": "f" * 64}}, False),
    ("another schema", {"requestSchema": {"type": "array"}}, False),
    ("another runtime image", {"settings": Settings(runtime_image="o", artifact_secret="artifact-store")}, False),
    ("another bucket", {"artifact": {**S3, "uri": "s3://other/a/b.pkl"}}, True),
    ("other requirements", {"requirements": ["numpy==2.0.0"]}, True),
    ("another image", {"envParams": {**PYTORCH, "pytorchImageTag": "2.0"}}, True),
    ("another artifact Secret", {"serving": {"artifactSecretName": "mine"}}, True),
    ("another mirror of images", {"settings": changed(image_mirror="mirror.local")}, True),
    ("another index", {"settings": changed(package_index="https://own.example/simple")}, True),
    ("one more index", {"settings": changed(extra_package_indexes=("https://own.example/simple",))}, True),
    ("another way to choose among them", {"settings": changed(package_index_strategy="unsafe-best-match")}, True),
]  # fmt: skip


@pytest.mark.parametrize(("why", "change", "other"), DEPENDS, ids=[row[0] for row in DEPENDS])
def test_the_hash_is_of_what_is_installed_and_who_may_read_it(why: str, change: Body, other: bool) -> None:
    assert (inputs(**change) != inputs()) == other, why


# why, what is other, words
NO_LAYER = [
    ("nothing is to be installed", {"requirements": []}, ""),
    ("layers are off", {"settings": Settings(layers=False)}, ""),
    ("no Job is ever made", {"settings": Settings(precheck=False)}, ""),
    ("the artifact is on a volume", {"artifact": {**ARTIFACT, "uri": "pvc://weights/a.pkl"}}, "at s3://BUCKET/KEY"),
    ("the artifact is on the web", {"artifact": {**ARTIFACT, "uri": "https://h.example/a.pkl"}}, "at s3://BUCKET/KEY"),
    ("no report has room for it", {"artifact": {**S3, "uri": f"s3://models/{'a/' * 600}b.pkl"}}, "not too long"),
]


@pytest.mark.parametrize(("why", "change", "words"), NO_LAYER, ids=[row[0] for row in NO_LAYER])
def test_where_there_can_be_none(why: str, change: Body, words: str) -> None:
    assert inputs(**change) == "", why
    fields = {"artifact": S3, **NEEDS, **{name: value for name, value in change.items() if name != "settings"}}
    bundle = parse(model_bundle(**fields))
    found = why_no_layer(resolve(bundle), change.get("settings", SETTINGS))
    assert words in found
    assert bool(words) == bool(found)


def test_the_configmap_names_it_in_a_key_of_its_own_and_no_template_does() -> None:
    bundle = parse(model_bundle(artifact=S3, **NEEDS))
    with_layer, without = (desired(bundle, resolve(bundle), SETTINGS, None, layer=each) for each in (THERE, None))
    assert with_layer.deployment == without.deployment
    assert with_layer.service == without.service
    data = with_layer.config_map["data"]
    assert set(data) == {"bundle.json", "layer.json"}
    assert {**with_layer.config_map, "data": {"bundle.json": data["bundle.json"]}} == without.config_map
    assert json.loads(data["layer.json"]) == layer()
    assert layer_reference(json.loads(data["layer.json"])) is not None, "as the pods read it"


@pytest.mark.parametrize("message", ["could not be made", "was lost"])
def test_one_that_is_not_there_is_not_named(message: str) -> None:
    bundle = parse(model_bundle(artifact=S3, **NEEDS))
    none = Layer(inputs="sha256:1", time=at(0), message=message, sha256="ef" * 32)
    assert set(desired(bundle, resolve(bundle), SETTINGS, None, layer=none).config_map["data"]) == {"bundle.json"}


def test_a_bundle_with_requirements_has_a_volume_for_it_as_large_as_theirs() -> None:
    made = plan({"sizeLimits": {"requirements": "5Gi"}}, **NEEDS)
    volumes = {volume["name"]: volume for volume in pod(made)["volumes"]}
    assert volumes["layer"]["emptyDir"] == volumes["requirements"]["emptyDir"] == {"sizeLimit": "5Gi"}
    mounts = {
        name: [mount for mount in container["volumeMounts"] if mount["name"] == "layer"]
        for name, container in containers(made).items()
    }
    there: Body = {"name": "layer", "mountPath": "/modelbundle/layer"}
    read: Body = {**there, "readOnly": True}
    assert mounts == {"prepare": [there], "install": [read], "server": [], "worker": [read]}


def test_a_bundle_without_requirements_has_none() -> None:
    made = plan({"sizeLimits": {"requirements": "5Gi"}})
    assert "layer" not in str(pod(made)["volumes"])
    assert "--layer-bytes" not in containers(made)["prepare"]["command"]


@pytest.mark.parametrize(("size", "said"), [("5Gi", 5 * 2**30), ("1500m", 1), (1e9, 10**9)])
def test_prepare_knows_how_much_room_there_is(size: Any, said: int) -> None:
    command = containers(plan({"sizeLimits": {"requirements": size}}, **NEEDS))["prepare"]["command"]
    assert command[-2:] == ["--layer-bytes", str(said)]
    assert "--layer-bytes" not in containers(plan(None, **NEEDS))["prepare"]["command"]
