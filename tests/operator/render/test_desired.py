"""The desired state: two golden pods to read, and a table of what must hold in every one."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from modelbundle_operator.api.names import ANNOTATION_INPUTS, ANNOTATION_TEMPLATE, parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import Plan, desired
from modelbundle_operator.settings import Settings

from tools.testkit.model_bundles import PYTORCH, model_bundle

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = Settings(runtime_image="registry.local/modelbundle/runtime:1.0", artifact_secret="artifact-store")

EVERYTHING = {
    "replicas": 3,
    "gpu": {"count": 2, "resourceName": "amd.com/gpu"},
    "resources": {"cpu": 4, "memory": "16Gi", "ephemeralStorage": "50Gi"},
    "maxConcurrency": 4,
    "requestTimeoutSeconds": 120,
    "maxRequestBytes": 268369920,
    "idleSeconds": 15,
    "serverResources": {"cpu": 2},
    "startupTimeoutSeconds": 900,
    "terminationGracePeriodSeconds": 300,
    "nodeSelector": {"pool": "gpu"},
    "tolerations": [{"key": "team", "operator": "Equal", "value": "ml", "effect": "NoSchedule"}],
    "priorityClassName": "high",
    "runtimeClassName": "nvidia",
    "schedulerName": "volcano",
    "imagePullSecrets": [{"name": "registry"}],
    "serviceAccountName": "models",
    "artifactSecretName": "my-store",
    "envFrom": [{"prefix": "DB_", "secretRef": {"name": "db", "optional": True}}],
    "rollout": {"whenNoCapacity": "Replace", "token": "1"},
    "tracing": {"endpoint": "http://collector:4318", "samplingRatePerMillion": 1000, "serviceName": "sentiment"},
    "tracebacks": True,
    "accessLog": True,
    "warmUp": '{"x": "$(HOME)"}',
}


def plan(
    serving: dict[str, Any] | None = None,
    live: dict[str, Any] | None = None,
    settings: Settings = SETTINGS,
    replace: bool = False,
    **fields: Any,
) -> Plan:
    bundle = parse(model_bundle(serving=serving, **fields))
    return desired(bundle, resolve(bundle), settings, live, replace)


def pod(plan: Plan) -> dict[str, Any]:
    return plan.deployment["spec"]["template"]["spec"]


def containers(plan: Plan) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in [*pod(plan)["initContainers"], *pod(plan)["containers"]]}


def env(container: dict[str, Any]) -> dict[str, str]:
    names = [entry["name"] for entry in container["env"]]
    assert len(names) == len(set(names)), "server-side apply refuses a name that comes twice"
    return {entry["name"]: entry.get("value", "") for entry in container["env"]}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("seed", lambda: plan()),
        (
            "everything",
            lambda: plan(
                EVERYTHING,
                settings=Settings(
                    runtime_image="modelbundle/runtime:0.1.0",
                    image_mirror="mirror.local/hub",
                    package_index="http://index.local:8080/simple",
                ),
                requirements=["scikit-learn==1.5.2"],
                env=[{"name": "MODE", "value": "a $(HOME) $$ b"}],
                appConfig={"mode": "single"},
            ),
        ),
    ],
)
def test_golden(name, made):
    """MODELBUNDLE_UPDATE_GOLDEN=1 writes the files again; then read the diff."""
    result = made()
    annotations = result.deployment["metadata"]["annotations"]
    assert json.loads(annotations[ANNOTATION_TEMPLATE]) == result.deployment["spec"]["template"]
    readable = copy.deepcopy(result.deployment)
    readable["metadata"]["annotations"][ANNOTATION_TEMPLATE] = "(spec.template as JSON)"
    text = "".join(
        f"---\n{yaml.safe_dump(item, sort_keys=False, width=120)}"
        for item in (result.config_map, result.service, readable)
    )
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("MODELBUNDLE_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("serving", [None, EVERYTHING])
@pytest.mark.parametrize("requirements", [None, ["numpy"]])
def test_every_container_is_restricted_and_knows_its_digest(serving, requirements):
    result = plan(serving, requirements=requirements)
    assert list(containers(result)) == ["prepare", *(["install"] if requirements else []), "server", "worker"]
    assert pod(result)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(result)["automountServiceAccountToken"] is False
    for container in containers(result).values():
        context = container["securityContext"]
        assert context["runAsNonRoot"]
        assert context["runAsUser"] > 65530
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert env(container)["MODELBUNDLE_DIGEST"] == resolve(parse(model_bundle(requirements=requirements))).digest
        assert {mount["name"] for mount in container["volumeMounts"]} <= {v["name"] for v in pod(result)["volumes"]}


def test_credentials_reach_prepare_only():
    result = plan({"envFrom": [{"configMapRef": {"name": "mine"}}]}, requirements=["numpy"])
    found = {name: container.get("envFrom", []) for name, container in containers(result).items()}
    assert found["prepare"] == [{"secretRef": {"name": "artifact-store"}}]
    assert found["worker"] == [{"configMapRef": {"name": "mine"}}]
    assert found["install"] == found["server"] == []
    assert containers(plan(settings=Settings()))["prepare"].get("envFrom") is None


def test_gpus_go_to_the_worker_as_limits_with_a_toleration():
    result = plan({"gpu": {"count": 2}}, requirements=["numpy"])
    assert containers(result)["worker"]["resources"]["limits"] == {"nvidia.com/gpu": "2"}
    assert not any("nvidia.com/gpu" in str(containers(result)[name]["resources"]) for name in ("install", "server"))
    assert pod(result)["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert "NVIDIA_VISIBLE_DEVICES" not in env(containers(result)["worker"])


def test_no_gpu_means_none_of_the_nodes_gpus():
    result = plan({"gpu": {"count": 0}})
    assert "limits" not in containers(result)["worker"]["resources"]
    assert "tolerations" not in pod(result)
    assert env(containers(result)["worker"])["NVIDIA_VISIBLE_DEVICES"] == "void"


@pytest.mark.parametrize("resource", ["nvidia.com/mig-1g.5gb", "nvidia.com/gpu.shared"])
def test_a_slice_of_a_gpu_tolerates_the_taint_of_its_node_too(resource):
    tolerations = pod(plan({"gpu": {"count": 1, "resourceName": resource}}))["tolerations"]
    assert tolerations == [{"key": key, "operator": "Exists"} for key in (resource, "nvidia.com/gpu")]


def test_a_toleration_that_the_user_wrote_is_not_doubled():
    toleration = {"key": "nvidia.com/gpu", "operator": "Exists"}
    assert pod(plan({"tolerations": [toleration]}))["tolerations"] == [toleration]


def test_environment_values_are_literal_and_may_replace_conveniences():
    values = [{"name": "A", "value": "$(HOME) $$"}, {"name": "USER", "value": "me"}, {"name": "E", "value": ""}]
    worker = containers(plan(env=values))["worker"]
    assert env(worker)["A"] == "$$(HOME) $$$$"
    assert env(worker)["USER"] == "me"
    assert {"name": "E"} in worker["env"]


@pytest.mark.parametrize(
    ("params", "image"),
    [
        (PYTORCH, "mirror.local/pytorch/pytorch:1.7.1-cuda11.0-cudnn8-runtime"),
        ({"frameworkType": "tensorflow", "tensorflowVersion": "2.3.0"}, "mirror.local/tensorflow/tensorflow:2.3.0"),
        (
            {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "me/img", "tag": "1"}},
            "me/img:1",
        ),
        (
            {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "me/img", "digest": "sha256:0"}},
            "me/img@sha256:0",
        ),
    ],
)
def test_the_workers_image(params, image):
    if "customBaseImage" in params and "digest" in params["customBaseImage"]:
        digest = "sha256:" + "0" * 64
        params = {**params, "customBaseImage": {**params["customBaseImage"], "digest": digest}}
        image = image.replace("sha256:0", digest)
    result = plan(settings=Settings(image_mirror="mirror.local"), envParams=params)
    assert containers(result)["worker"]["image"] == image


def test_time_to_drain_follows_the_request_time():
    assert pod(plan({"requestTimeoutSeconds": 100}))["terminationGracePeriodSeconds"] == 110
    assert pod(plan({"terminationGracePeriodSeconds": 7}))["terminationGracePeriodSeconds"] == 7


def test_the_roll_out_gives_up_after_the_start_may():
    spec = plan({"startupTimeoutSeconds": 3000}).deployment["spec"]
    assert spec["progressDeadlineSeconds"] > 3000
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert plan(replace=True).deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


OTHER_OPERATOR = Settings(
    runtime_image="registry.local/modelbundle/runtime:2.0",
    image_mirror="other",
    package_index="https://other/simple",
    drain_seconds=60,
    image_pull_policy="Always",
    artifact_secret="another",
)


def test_an_operator_upgrade_restarts_no_model():
    """The old operator's template stays, whatever this one would render; a stored field that it does not know too."""
    live = plan().deployment
    old = json.loads(live["metadata"]["annotations"][ANNOTATION_TEMPLATE])
    old["spec"]["containers"][0]["env"].append({"name": "OLD_OPERATORS_OWN", "value": "1"})
    live["metadata"]["annotations"][ANNOTATION_TEMPLATE] = json.dumps(old)
    new = plan(live=live, settings=OTHER_OPERATOR).deployment
    assert new["spec"]["template"] == old
    assert json.loads(new["metadata"]["annotations"][ANNOTATION_TEMPLATE]) == old


@pytest.mark.parametrize("serving", [{"replicas": 5}, {"rollout": {"whenNoCapacity": "Replace"}}, {"nodeSelector": {}}])
def test_what_is_no_input_keeps_the_template(serving):
    live = plan().deployment
    new = plan(serving, live=live, settings=OTHER_OPERATOR).deployment
    assert new["spec"]["template"] == live["spec"]["template"]
    assert new["spec"]["replicas"] == serving.get("replicas", 1)


@pytest.mark.parametrize(
    ("serving", "fields"),
    [
        ({"rollout": {"token": "again"}}, {}),
        ({"gpu": {"count": 2}}, {}),
        ({"maxConcurrency": 2}, {}),
        (None, {"env": [{"name": "A", "value": "b"}]}),
        (None, {"artifact": {**model_bundle()["spec"]["bundle"]["artifact"], "uri": "s3://other/x"}}),
    ],
)
def test_what_is_an_input_renders_anew(serving, fields):
    live = plan().deployment
    new = plan(serving, live=live, settings=OTHER_OPERATOR, **fields).deployment
    assert new["metadata"]["annotations"][ANNOTATION_INPUTS] != live["metadata"]["annotations"][ANNOTATION_INPUTS]
    assert new["spec"]["template"]["spec"]["initContainers"][0]["image"] == OTHER_OPERATOR.runtime_image


@pytest.mark.parametrize("scheme", ["", "1:"])
def test_a_hash_of_any_known_scheme_keeps_its_template_and_itself(scheme):
    live = plan().deployment
    annotations = live["metadata"]["annotations"]
    annotations[ANNOTATION_INPUTS] = scheme + annotations[ANNOTATION_INPUTS].removeprefix("1:")
    assert plan(live=live, settings=OTHER_OPERATOR).deployment == live


def test_spelling_a_default_out_is_no_change():
    spelled = {
        "replicas": 1,
        "gpu": {"count": 1, "resourceName": "nvidia.com/gpu"},
        "maxConcurrency": 1,
        "requestTimeoutSeconds": 60,
        "maxRequestBytes": 64 * 1024 * 1024,
        "idleSeconds": 75,
        "startupTimeoutSeconds": 600,
        "rollout": {"whenNoCapacity": "Wait"},
        "tracebacks": False,
        "accessLog": False,
        "safeToEvict": False,
    }
    assert plan(spelled).deployment == plan().deployment


def test_a_new_token_is_a_new_template_with_the_same_operator():
    one, other = (plan({"rollout": {"token": token}}).deployment["spec"]["template"] for token in ("1", "2"))
    assert one != other


NO_TEMPLATES = ("", "{", "[]", "null", "{}", '{"metadata": {}}', '{"spec": []}', '{"spec": {"containers": [{}, 1]}}')


@pytest.mark.parametrize(
    ("annotation", "text"),
    [*((ANNOTATION_TEMPLATE, broken) for broken in NO_TEMPLATES), (ANNOTATION_INPUTS, "99:" + "0" * 64)],
)
def test_a_broken_stored_template_and_a_hash_of_an_unknown_scheme_render_anew(annotation, text):
    live = plan().deployment
    live["metadata"]["annotations"][annotation] = text
    assert plan(live=live).deployment == plan().deployment


def test_nothing_is_random():
    assert plan(EVERYTHING) == plan(EVERYTHING)
