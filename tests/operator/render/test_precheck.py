"""The Job that tries a bundle without a GPU: what its pod has of the bundle's and what it lacks."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.judge.jobs import observe_job
from modelbundle_operator.render.precheck import precheck_inputs, precheck_job, precheck_name
from modelbundle_operator.settings import Settings

from tests.operator.render.test_desired import EVERYTHING, SETTINGS, containers, env, plan, pod
from tools.testkit.model_bundles import ARTIFACT, model_bundle

Body = dict[str, Any]
GPU: Body = {"gpu": {"count": 1}}


def job(serving: Body | None = None, settings: Settings = SETTINGS, layer: str = "", **fields: Any) -> Body:
    bundle = parse(model_bundle(serving=serving or GPU, **fields))
    return precheck_job(bundle, resolve(bundle), settings, "modelbundle-precheck-1", layer)


def inputs(serving: Body | None = None, settings: Settings = SETTINGS, name: str = "a", **fields: Any) -> str:
    bundle = parse(model_bundle(name, serving=serving or GPU, **fields))
    return precheck_inputs(bundle, resolve(bundle), settings)


def spec(made: Body) -> Body:
    found: Body = made["spec"]["template"]["spec"]
    return found


SETTINGS_OF_A_PLATFORM = Settings(
    ca_config_map="company-ca",
    https_proxy="http://proxy.example:3128",
    package_index="http://index.local/simple",
    package_index_secret="logins",
    pod_image_pull_secrets=("registry-of-all",),
    pod_tolerations=({"key": "models", "operator": "Exists"},),
)


@pytest.mark.parametrize("serving", [GPU, EVERYTHING])
@pytest.mark.parametrize("settings", [SETTINGS, SETTINGS_OF_A_PLATFORM, Settings(pod_ids="platform")])
def test_its_containers_are_those_of_the_pods(serving: Body, settings: Settings) -> None:
    made = spec(job(serving, settings, requirements=["numpy"]))
    theirs = plan(serving, settings=settings, requirements=["numpy"])
    (prepare,), (install,) = made["initContainers"], made["containers"]
    assert prepare == containers(theirs)["prepare"]
    own = ("command", "resources")
    assert {k: v for k, v in install.items() if k not in own} == {
        k: v for k, v in containers(theirs)["install"].items() if k not in own
    }
    assert install["command"] == ["python3", "-m", "bundle_runtime.worker.precheck"]
    of_pod = pod(theirs)
    for name in ("automountServiceAccountToken", "enableServiceLinks", "securityContext", "imagePullSecrets",
                 "serviceAccountName", "priorityClassName"):  # fmt: skip
        assert made.get(name) == of_pod.get(name), name
    mounted = {mount["name"] for each in (prepare, install) for mount in each["volumeMounts"]}
    assert mounted == {volume["name"] for volume in made["volumes"]}
    assert all(volume in of_pod["volumes"] for volume in made["volumes"])


@pytest.mark.parametrize("serving", [GPU, EVERYTHING])
@pytest.mark.parametrize("settings", [SETTINGS, SETTINGS_OF_A_PLATFORM, Settings(pod_ids="platform")])
def test_one_that_makes_a_layer_packs_what_install_has_put_in_place(serving: Body, settings: Settings) -> None:
    fields: Body = {"requirements": ["numpy"], "artifact": {**ARTIFACT, "uri": "s3://models/$a/b.pkl"}}
    body = job(serving, settings, "sha256:1", **fields)
    made, without = spec(body), spec(job(serving, settings, **fields))
    (store,) = made["containers"]
    (prepare,) = without["initContainers"]
    assert made["initContainers"] == [prepare, *without["containers"]]
    own = ("name", "command", "volumeMounts")
    assert {k: v for k, v in store.items() if k not in own} == {k: v for k, v in prepare.items() if k not in own}
    assert store["command"] == ["python", "-m", "bundle_runtime.store", "--beside", "s3://models/$$a/b.pkl"]
    mounts = {mount["name"]: mount for mount in store["volumeMounts"]}
    assert mounts["requirements"] == {
        "name": "requirements", "mountPath": "/modelbundle/requirements", "readOnly": True,
    }  # fmt: skip
    assert set(mounts) == {"config", "requirements", "runtime-tmp"} | ({"certificates"} & set(mounts))
    other = ("initContainers", "containers")
    assert {k: v for k, v in made.items() if k not in other} == {k: v for k, v in without.items() if k not in other}
    assert observe_job(body).layer == "sha256:1"
    assert observe_job(job(serving, settings, **fields)).layer == ""


def test_a_bundle_without_requirements_has_its_image_tried_too() -> None:
    (container,) = spec(job())["containers"]
    assert container["image"] == containers(plan(GPU))["worker"]["image"]
    assert env(container)["NVIDIA_VISIBLE_DEVICES"] == "void"


def test_nothing_of_it_has_to_do_with_gpus() -> None:
    tolerations = [
        {"key": "team", "operator": "Equal", "value": "ml", "effect": "NoSchedule"},
        {"key": "amd.com/gpu", "operator": "Exists"},
        {"operator": "Exists"},
    ]
    selector = {"accelerator": "mi300", "kubernetes.io/arch": "arm64"}
    serving = {**EVERYTHING, "tolerations": tolerations, "nodeSelector": selector, "resources": None}
    made = job(serving, SETTINGS_OF_A_PLATFORM, requirements=["numpy"])
    assert "amd.com" not in str(made)
    assert spec(made)["tolerations"] == [tolerations[0], {"key": "models", "operator": "Exists"}]
    assert spec(made)["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
    assert not {"runtimeClassName", "schedulerName", "affinity", "topologySpreadConstraints"} & set(spec(made))


@pytest.mark.parametrize(
    ("resources", "requests", "limits"),
    [
        (None, {"cpu": "250m", "memory": "512Mi"}, None),
        ({"cpu": 8, "memory": "64Gi"}, {"cpu": "250m", "memory": "512Mi"}, {"memory": "64Gi"}),
        ({"cpu": "100m", "memory": "256Mi"}, {"cpu": "100m", "memory": "256Mi"}, {"memory": "256Mi"}),
        (
            {"cpu": 4, "cpuLimit": 4, "memory": "1Gi", "ephemeralStorage": "9Gi"},
            {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "9Gi"},
            {"memory": "1Gi", "ephemeral-storage": "9Gi", "cpu": "4"},
        ),
    ],
)
def test_it_asks_for_little_and_may_use_as_much(resources: Body | None, requests: Body, limits: Body | None) -> None:
    (container,) = spec(job({**GPU, "resources": resources}))["containers"]
    assert container["resources"] == {"requests": requests, **({"limits": limits} if limits else {})}


def test_it_has_the_labels_and_annotations_of_every_pod() -> None:
    settings = Settings(pod_labels=(("team", "ml"),), pod_annotations=(("linkerd.io/inject", "enabled"),))
    made = job({**GPU, "podLabels": {"team": "mine"}}, settings)["spec"]["template"]["metadata"]
    assert made["labels"]["team"] == "mine"
    assert made["annotations"]["linkerd.io/inject"] == "enabled"


def test_it_is_the_bundles_and_never_ready() -> None:
    made = job({**GPU, "podLabels": {"team": "ml"}, "podAnnotations": {"a.example/b": "c"}})
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("ModelBundle", "sentiment-v3", True)
    assert made["metadata"]["labels"]["modelbundle.dev/bundle"] == "sentiment-v3"
    template = made["spec"]["template"]
    assert template["metadata"]["labels"] == {
        "team": "ml",
        "app.kubernetes.io/managed-by": "modelbundle-operator",
        "modelbundle.dev/bundle": "sentiment-v3",
    }
    assert template["metadata"]["annotations"]["a.example/b"] == "c"
    assert template["spec"]["readinessGates"]
    assert template["spec"]["restartPolicy"] == "OnFailure"
    assert made["spec"]["ttlSecondsAfterFinished"] > 0


def test_an_artifact_on_a_claim_is_read_from_it() -> None:
    made = spec(job(artifact={**ARTIFACT, "uri": "pvc://weights/a.pkl"}))
    assert {"name": "claim", "persistentVolumeClaim": {"claimName": "weights", "readOnly": True}} in made["volumes"]


# why, what is other, whether the result may be
DEPENDS = [
    ("another bundle", {"name": "b"}, False),
    ("another app config", {"appConfig": {"a": 1}}, False),
    ("more replicas", {"serving": {**GPU, "replicas": 3}}, False),
    ("other sizes", {"serving": {**GPU, "resources": {"memory": "1Gi"}}}, False),
    ("other nodes", {"serving": {**GPU, "nodeSelector": {"a": "b"}}}, False),
    ("another token", {"serving": {**GPU, "rollout": {"token": "2"}}}, False),
    ("another runtime image", {"settings": Settings(runtime_image="other", artifact_secret="artifact-store")}, False),
    ("another address", {"artifact": {**ARTIFACT, "uri": "s3://models/other.pkl"}}, True),
    ("another sha256", {"artifact": {**ARTIFACT, "sha256": "f" * 64}}, True),
    ("another Python", {"artifact": {**ARTIFACT, "pythonVersion": "3.9"}}, True),
    ("other requirements", {"requirements": ["numpy"]}, True),
    ("another image", {"envParams": {"frameworkType": "pytorch", "pytorchImageTag": "2.0"}}, True),
    ("another schema", {"requestSchema": {"type": "array"}}, True),
    ("another artifact Secret", {"serving": {**GPU, "artifactSecretName": "mine"}}, True),
    ("another account", {"serving": {**GPU, "serviceAccountName": "models"}}, True),
    ("another pull Secret", {"serving": {**GPU, "imagePullSecrets": [{"name": "registry"}]}}, True),
]  # fmt: skip


@pytest.mark.parametrize(("why", "change", "other"), DEPENDS, ids=[row[0] for row in DEPENDS])
def test_the_hash_is_of_what_the_result_depends_on(why: str, change: Body, other: bool) -> None:
    assert (inputs(**change) != inputs()) == other, why


def test_of_a_zip_it_depends_on_the_functions_that_are_looked_for() -> None:
    packed: Body = {"artifact": {"uri": ARTIFACT["uri"], "sha256": ARTIFACT["sha256"], "packaging": "zip"}}
    functions = [("predict.load", "model.load"), ("predict.other", "model.load"), ("predict.load", "model.other")]
    found = {inputs(**packed, loadPredictFn=predict, loadModelFn=model) for predict, model in functions}
    assert len(found) == 3


def test_the_name_is_one_that_a_job_can_have() -> None:
    name = precheck_name(inputs())
    assert name.startswith("modelbundle-precheck-")
    assert len(name) <= 63
