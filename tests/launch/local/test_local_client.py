"""LAUNCH_ENDPOINT=local: what the client does with a cluster it does without one, with files and processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from launch import EndpointRequest, LaunchClient
from launch.errors import APIError, BundleFailedError, PredictionError
from tests.launch.cli.conftest import left_behind
from tests.seed.page import readme
from tools.testkit.kubectl import wait_for
from tools.testkit.page_blocks import ROOT

IMAGE = {"framework_type": "custom_base_image", "ecr_repo": "python", "image_tag": "3.12-slim"}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LaunchClient:
    monkeypatch.setenv("LAUNCH_ENDPOINT", "local")
    monkeypatch.setenv("LAUNCH_LOCAL_DIR", str(tmp_path / "local"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return LaunchClient(api_key=None)


def double(x: int) -> int:
    print("doubling", flush=True)
    return x * 2


def made(client: LaunchClient, function: Any = double, name: str = "doubler") -> Any:
    by_value = {"this": sys.modules[__name__]}  # as in a script or a notebook
    return client.create_model_bundle(name, IMAGE, predict_fn_or_cls=function, requirements=[], globals_copy=by_value)


def test_the_block_of_the_readme_runs_without_a_cluster(tmp_path: Path) -> None:
    (tmp_path / "readme.py").write_text(readme())
    (tmp_path / "t").mkdir()
    done = subprocess.run(
        [sys.executable, str(tmp_path / "readme.py")],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path / "t"),
            "LAUNCH_ENDPOINT": "local",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
    assert left_behind(tmp_path / "t") == []


def test_a_bundle_is_stored_listed_served_and_deleted(client: LaunchClient) -> None:
    bundle = made(client)
    assert [found.id for found in client.list_model_bundles()] == [bundle.id]
    assert client.get_model_bundle("doubler").digest == bundle.digest
    assert made(client).id == bundle.id, "the same content is the same bundle"
    assert bundle.conditions()["Ready"]["reason"] == "Stored"
    with pytest.raises(APIError, match="is stored, not served"):
        bundle.predict(x=1)
    bundle.deploy(gpus=0).wait(timeout=60)
    assert bundle.predict(x=21) == 42
    with pytest.raises(PredictionError, match="422"):
        bundle.predict(y=21)
    wait_for("what it printed", lambda: "doubling" in bundle.logs() or None, 60)
    bundle.delete()
    assert client.list_model_bundles() == []
    assert client.connection.logs(bundle.id, "worker", None) == "", "it is not served any more"


def test_another_client_finds_what_was_made_and_serves_it(client: LaunchClient) -> None:
    made(client).deploy()
    other = LaunchClient(endpoint="local")
    assert other == client
    assert other.get_model_bundle("doubler").predict(x=1) == 2
    assert LaunchClient(namespace="other").list_model_bundles() == []


def test_a_clone_has_another_config_and_an_endpoint_moves_to_it(client: LaunchClient) -> None:
    def load_predict_fn(app_config: Any, model: Any) -> Any:
        return lambda x: [app_config.get("mode"), model, x]

    first = client.create_model_bundle(
        "modes", IMAGE, model=1, load_predict_fn=load_predict_fn, requirements=[], app_config={"mode": "quiet"}
    )
    clone = client.clone_model_bundle_with_changes(first, app_config={"mode": "loud"})
    assert clone.digest != first.digest
    endpoint = client.create_model_endpoint(endpoint_name="e", model_bundle=first)
    endpoint.wait(timeout=60)
    assert endpoint.predict(EndpointRequest(args={"x": 2})).value == ["quiet", 1, 2]
    client.edit_model_endpoint(model_endpoint="e", model_bundle=clone)
    assert endpoint.predict(EndpointRequest(args={"x": 2})).value == ["loud", 1, 2]
    assert [found.name for found in client.list_model_endpoints()] == ["e"]
    assert endpoint.status() == "READY"
    client.delete_model_endpoint("e")
    assert client.get_model_endpoint("e") is None


def test_a_bundle_that_does_not_load_says_why(client: LaunchClient) -> None:
    def load_predict_fn(model: Any) -> Any:
        raise ValueError("no weights")

    bundle = client.create_model_bundle("bad", IMAGE, model=1, load_predict_fn=load_predict_fn, requirements=[])
    bundle.deploy()
    with pytest.raises(BundleFailedError, match="LoadFailed: load_predict_fn raised ValueError: no weights"):
        bundle.wait(timeout=60)


def test_what_runs_is_never_changed(client: LaunchClient) -> None:
    bundle = made(client)
    with pytest.raises(APIError, match="immutable"):
        client.connection.patch(bundle.id, {"spec": {"bundle": {"requirements": ["numpy"]}}})


def test_what_needs_a_cluster_says_so(client: LaunchClient) -> None:
    with pytest.raises(APIError, match="this needs a cluster"):
        client.connection.place()
    assert "local" in repr(client)


@pytest.mark.parametrize("options", [{"api_key": "token"}, {"context": "c"}, {"endpoint": "http://127.0.0.1:9"}])
def test_what_is_given_for_a_cluster_means_one(client: LaunchClient, options: dict[str, Any]) -> None:
    assert "Connection(local" not in repr(LaunchClient(**options))


def counting(n: int, fail_at: int = -1, done: str = "") -> Any:
    try:
        for number in range(n):
            if number == fail_at:
                raise ValueError("no more")
            yield number
    finally:
        if done:
            open(done, "w").close()


@pytest.fixture
def streaming(client: LaunchClient) -> Any:
    bundle = made(client, counting, "counting")
    endpoint = client.create_model_endpoint(endpoint_name="s", model_bundle=bundle, endpoint_type="streaming")
    endpoint.wait(timeout=60)
    return client.get_model_endpoint("s")


def test_a_thousand_items_come_in_order_and_each_is_a_response(client: LaunchClient, streaming: Any) -> None:
    assert type(streaming).__name__ == "StreamingEndpoint"
    responses = streaming.predict(EndpointRequest(args={"n": 1000}))
    assert [(response.status, response.value) for response in responses] == [("SUCCESS", n) for n in range(1000)]
    assert list(client.get_model_bundle("counting").stream(n=3)) == [0, 1, 2]


def test_an_error_between_items_is_the_last_response(streaming: Any) -> None:
    responses = list(streaming.predict(EndpointRequest(args={"n": 9, "fail_at": 2})))
    assert [response.status for response in responses] == ["SUCCESS", "SUCCESS", "FAILURE"]
    assert "PredictFailed: ValueError: no more" in responses[-1].traceback
    refused = list(streaming.predict(EndpointRequest(args={"m": 1})))
    assert [(response.status, response.status_code) for response in refused] == [("FAILURE", 422)]


def test_a_caller_that_stops_ends_the_function(streaming: Any, tmp_path: Path) -> None:
    responses = streaming.predict(EndpointRequest(args={"n": 10**9, "done": str(tmp_path / "done")}))
    assert next(responses).value == 0
    responses.close()
    wait_for("the generator's end", (tmp_path / "done").exists, 60)


def test_the_command_prints_items_and_ends_with_the_error(streaming: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from launch.cli.commands import cli

    done = CliRunner().invoke(cli, ["predict", "s", '{"n": 3}', "--stream"])
    assert (done.exit_code, done.output) == (0, "0\n1\n2\n")
    failed = CliRunner().invoke(cli, ["predict", "s", '{"n": 3, "fail_at": 1}', "--stream"], standalone_mode=True)
    assert failed.exit_code == 1
    assert "0\nError: " in failed.output
