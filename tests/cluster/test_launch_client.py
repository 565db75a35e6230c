"""LaunchClient and the verbs of `modelbundle` on a real cluster: a bundle's whole life without a line of YAML."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch import EndpointRequest, LaunchClient, ModelBundle
from launch.errors import APIError, PredictionError, WaitTimeoutError
from tests.cluster.bundles import wait_condition
from tools.testkit.kubectl import get, kubectl, list_all, wait_for
from tools.testkit.place import Place

ENV_PARAMS = {
    "framework_type": "custom_base_image",
    "ecr_repo": "docker.io/stand-in/python",
    "image_tag": "3.12",
}
MODEL = "def load(app_config):\n    return app_config['factor']\n"
PREDICT = """
def load(app_config, model):
    def predict(x, count=0):
        print("predicting", x)
        return (x * model + n for n in range(count)) if count else x * model
    return predict
"""
SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
SMALL: dict[str, Any] = {"cpus": 0.01, "memory": "256Mi", "storage": "1Gi"}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two modules: whatever Python the tests run under, the image's can import them."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "model.py").write_text(MODEL)
    (folder / "predict.py").write_text(PREDICT)
    return folder


@pytest.fixture
def client(
    operator: object, namespace: str, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> LaunchClient:
    """As an ML engineer has it: the kubeconfig, credentials of the store, and nothing said about where the store is."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", place.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", place.secret_key)
    monkeypatch.delenv("LAUNCH_ARTIFACT_URI", raising=False)
    return LaunchClient(namespace=namespace)


@pytest.fixture
def create(client: LaunchClient, sources: Path) -> Callable[..., ModelBundle]:
    def made(name: str, factor: int, **more: object) -> ModelBundle:
        return client.create_model_bundle_from_dirs(
            model_bundle_name=name,
            base_paths=[str(sources)],
            env_params=ENV_PARAMS,
            load_predict_fn_module_path="predict.load",
            load_model_fn_module_path="model.load",
            app_config={"factor": factor},
            request_schema=SCHEMA,
            response_schema={"type": "integer"},
            **more,  # type: ignore[arg-type]
        )

    return made


def test_names_are_found_newest_first_and_the_same_content_is_the_same_bundle(
    client: LaunchClient, create: Callable[..., ModelBundle], namespace: str
) -> None:
    two, three = create("times", 2), create("times", 3)
    assert two.id != three.id
    assert client.get_model_bundle("times").id == three.id
    again = create("times", 2)
    assert again.id == two.id
    assert client.get_model_bundle("times").id == two.id
    assert [bundle.id for bundle in client.list_model_bundles()] == [two.id, three.id]
    clone = client.clone_model_bundle_with_changes(two, {"factor": 5})
    assert clone.name == "times"
    assert clone.model_bundle_id == clone.id
    assert client.get_model_bundle("times").id == clone.id
    wait_condition(str(clone.id), namespace, "Ready", "True", "Stored")
    assert client.get_model_bundle(clone).app_config == {"factor": 5}
    assert client.clone_model_bundle_with_changes(str(clone.id), {"factor": 2}).digest == two.digest
    chain = client.clone_model_bundle_with_changes(clone, {"factor": 7})
    assert client.clone_model_bundle_with_changes(chain, {"factor": 8}).app_config == {"factor": 8}  # at once
    other = create("Times!", 2)  # it only looks alike
    assert (other.name, client.get_model_bundle("Times!").id) == ("Times!", other.id)
    assert other.id != two.id
    latest = client.get_latest_model_bundle_v2("times")
    assert latest.flavor.flavor == "zip_artifact"
    assert latest.flavor.framework == ENV_PARAMS
    with pytest.raises(APIError, match="there is no bundle 'nothing'") as missing:
        client.get_model_bundle("nothing")
    assert missing.value.status == 404


def test_a_bundle_is_deployed_called_read_and_stored_again(create: Callable[..., ModelBundle], namespace: str) -> None:
    bundle = create("deployed", 2).deploy(gpus=0, cpus=0.01, memory="256Mi").wait(240)
    assert bundle.predict(x=21) == 42
    with pytest.raises(PredictionError, match="RequestSchemaViolation") as refused:
        bundle.predict(x="many")
    assert refused.value.status == 422
    assert bundle.predict({"x": 5}) == 10
    assert list(bundle.stream(x=1, count=1000)) == list(range(2, 1002))  # by the API server's proxy
    with pytest.raises(PredictionError, match="RequestSchemaViolation"):
        next(iter(bundle.stream(x="many")))
    # what it has printed is in the node's file a moment later
    wait_for("the function's line in the log", lambda: "predicting 21" in bundle.logs(), 60)
    # what answers does not count while others are on their way
    with pytest.raises(WaitTimeoutError, match="not Ready within"):
        bundle.deploy(memory="300Mi", cpus=500).wait(2)
    bundle.deploy(cpus=0.01, memory="256Mi").wait(240)
    assert bundle.conditions()["Ready"]["reason"] == "Serving"

    def command(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "launch.cli", *words, "-n", namespace],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    (row,) = json.loads(command("list", "-o", "json"))["bundles"]
    assert (row["name"], row["id"], row["ready"], row["readyReplicas"]) == ("deployed", bundle.id, "True", 1)
    assert json.loads(command("get", "deployed", "-o", "json"))["metadata"]["name"] == bundle.id
    page = command("describe", "deployed")
    assert "ArtifactVerified" in page
    assert "Pods:\n" in page
    assert "predicting 21" in command("logs", "deployed")
    assert json.loads(command("predict", "deployed", '{"x": 4}')) == 8
    assert "is stored" in command("deploy", "deployed", "--replicas", "0")
    assert "deleted" in command("delete", "deployed", "--yes")
    assert list_all("modelbundles", namespace) == []


def test_an_endpoint_moves_to_another_bundle_and_leaves_nothing_when_it_is_deleted(
    client: LaunchClient, create: Callable[..., ModelBundle], namespace: str
) -> None:
    two, three = create("two", 2), create("three", 3)
    endpoint = client.create_model_endpoint(
        endpoint_name="times", model_bundle=two, labels={"team": "nlp"}, **SMALL
    ).wait(240)
    answer = endpoint.predict(EndpointRequest(args={"x": 7}))
    assert (answer.status, answer.result, answer.value) == ("SUCCESS", {"result": "14"}, 14)
    failed = endpoint.predict(EndpointRequest(args={"x": "seven"}))
    assert (failed.status, failed.status_code, failed.result) == ("FAILURE", 422, None)
    assert "RequestSchemaViolation" in failed.traceback
    assert endpoint.status() == "READY"
    assert endpoint.resource_state()["memory"] == "256Mi"
    assert [found.name for found in client.list_model_endpoints()] == ["times"]

    # served with other resources already: an empty clone of it serves the second endpoint
    other = client.create_model_endpoint(
        endpoint_name="other", model_bundle=two, cpus=0.03, memory="300Mi", storage=None
    )
    serves = other.model_endpoint.bundle_name
    assert serves != two.id
    wait_condition(str(serves), namespace, "Resolved", "True")
    assert (get("mbun", str(serves), namespace) or {})["status"]["digest"] == two.digest
    assert serves not in [bundle.id for bundle in client.list_model_bundles()]
    kubectl("delete", "mep", "other", namespace=namespace)  # behind the client's back
    assert client.delete_model_endpoint("other") is True
    assert get("mbun", str(serves), namespace) is None
    with pytest.raises(APIError, match="not found"):
        client.delete_model_endpoint("other")
    assert client.get_model_endpoint("other") is None

    client.edit_model_endpoint(model_endpoint=endpoint, model_bundle="three")
    assert endpoint.predict(EndpointRequest(args={"x": 7})).value == 21
    assert [bundle["spec"]["serving"]["replicas"] for bundle in _both(namespace, two, three)] == [0, 1]
    assert client.delete_model_endpoint(endpoint) is True
    assert [bundle["spec"]["serving"]["replicas"] for bundle in _both(namespace, two, three)] == [0, 0]
    assert kubectl("get", "mep", "-o", "name", namespace=namespace) == ""


def _both(namespace: str, *bundles: ModelBundle) -> list[dict]:
    return [get("mbun", str(bundle.id), namespace) or {} for bundle in bundles]
