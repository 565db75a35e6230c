"""Doctor against an API server that answers, refuses or is away, and a store that does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from launch.cli.commands import cli
from launch.doctor.collect import MODEL_RIGHTS, POD_RIGHTS, collect
from launch.doctor.facts import Unknown
from launch.doctor.nodes import offered
from launch.doctor.probe import tried_store, within
from launch.stores.artifact_store import store_at
from tests.launch.world import World
from tools.testkit.page_blocks import ROOT

NODE = {
    "status": {
        "nodeInfo": {"architecture": "amd64"},
        "allocatable": {"cpu": "4", "nvidia.com/gpu": "4", "hugepages-2Mi": "0", "amd.com/gpu": "0"},
    }
}
OPERATOR = {
    "metadata": {"name": "modelbundle-operator", "namespace": "modelbundle-system",
                 "labels": {"app.kubernetes.io/version": "0.2.0"}},
    "spec": {"replicas": 2, "template": {"spec": {"containers": [{"env": [
        {"name": "MODELBUNDLE_ARTIFACT_SECRET", "value": "keys"}, {"name": "OTHER", "value": "x"},
        {"name": "MODELBUNDLE_PACKAGE_INDEX", "value": "http://127.0.0.1:9/simple"}]}]}}},
    "status": {"readyReplicas": 2},
}  # fmt: skip


def schema() -> dict[str, Any]:
    crd = yaml.safe_load((ROOT / "crds/modelbundles.yaml").read_text())
    found: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def answering(world: World, **changes: tuple[int, Any]) -> None:
    """The stand-in answers what doctor asks; `changes` are answers by the last word of the path."""
    answers = {
        "version": (200, {"gitVersion": "v1.35.4"}),
        "v1alpha1": (200, {"components": {"schemas": {"dev.modelbundle.v1alpha1.ModelBundle": schema()}}}),
        "deployments": (200, {"items": [OPERATOR]}),
        "validatingadmissionpolicybindings": (200, {"items": [{"metadata": {"name": "modelbundle-operator-pods"}}]}),
        "nodes": (200, {"items": [NODE, NODE]}),
        "resourcequotas": (200, {"items": []}),
        "limitranges": (200, {"items": []}),
        "keys": (404, {"message": "not found"}),
        "selfsubjectaccessreviews": (201, {"status": {"allowed": True}}),
        **changes,
    }
    usual = world.api.answer

    def answer(method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        given = answers.get(path.rpartition("/")[2])
        return given or usual(method, path, query, body)

    world.api.answer = answer  # type: ignore[method-assign]


@pytest.fixture
def doctor(world: World) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(cli, ["doctor", *words], catch_exceptions=False)


def checks(result: Result) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def test_a_cluster_that_answers(world: World, doctor: Callable[..., Result]) -> None:
    answering(world)
    result = doctor("-o", "json")
    found = checks(result)
    assert found["crd"]["says"] == "ModelBundles are served, with the fields of this client"
    assert found["operator"]["says"] == "modelbundle-system: version 0.2.0, 2 of 2 ready"
    assert found["devices"]["says"] == "nvidia.com/gpu: 8 on 2 nodes"
    assert found["nodes"]["says"] == "2 of 2 take pods of bundles (amd64)"
    assert found["rights"]["says"] == f"you may {', '.join(MODEL_RIGHTS)}"
    assert found["pod-rights"]["says"] == f"you may {', '.join(POD_RIGHTS)}"
    assert (found["secret"]["answer"], result.exit_code) == ("no", 3)
    assert found["store-use"]["says"] == "a small object was written, read, removed"
    assert world.left() == []


def test_a_caller_who_may_read_little(world: World, doctor: Callable[..., Result]) -> None:
    refused = (403, {"kind": "Status", "code": 403, "message": "forbidden"})
    names = ("deployments", "nodes", "validatingadmissionpolicybindings", "modelbundle-artifacts")
    answering(world, **dict.fromkeys(names, refused))
    found = checks(doctor("-o", "json"))
    unknown = {name for name, check in found.items() if check["answer"] == "unknown"}
    assert unknown == {
        "operator", "versions", "policies", "devices", "nodes", "settings", "proxies", "index", "served", "secret",
        "certificates", "index-secret", "pull-secrets", "limits",
    }  # fmt: skip


SURROUNDED = {"CA_CONFIG_MAP": "company-ca", "PACKAGE_INDEX_SECRET": "logins", "POD_IMAGE_PULL_SECRETS": "one,two",
              "PACKAGE_INDEX": "http://127.0.0.1:9/simple", "HTTPS_PROXY": "http://127.0.0.1:9"}  # fmt: skip


def surrounded(settings: dict[str, str] = SURROUNDED) -> dict[str, Any]:
    env = [{"name": f"MODELBUNDLE_{name}", "value": value} for name, value in settings.items()]
    spec = {"replicas": 2, "template": {"spec": {"containers": [{"env": env}]}}}
    return {**OPERATOR, "spec": spec}


@pytest.mark.parametrize(
    ("config_map", "says"),
    [
        ((404, {}), "it is not there"),
        ((200, {"data": {"other": "x"}}), "it is not there"),
        ((200, {"data": {"ca.crt": ""}}), "it is empty"),
        ((200, {"data": {"ca.crt": "no certificate"}}), "no certificate in it can be read"),
    ],
)
def test_what_the_settings_put_around_pods_is_looked_for_in_the_namespace(
    world: World, doctor: Callable[..., Result], config_map: tuple[int, Any], says: str
) -> None:
    there = (200, {"metadata": {}})
    changes = {"company-ca": config_map, "logins": (404, {}), "one": there, "two": (404, {})}
    answering(world, deployments=(200, {"items": [surrounded()]}), **changes)
    found = checks(doctor("-o", "json"))
    assert found["certificates"]["answer"] == "no"
    assert says in found["certificates"]["says"]
    assert found["index-secret"]["says"].startswith("there is no Secret logins")
    assert found["pull-secrets"]["says"].startswith("not there: two;")
    assert (found["proxies"]["answer"], found["index"]["answer"]) == ("unknown", "unknown")
    assert "http://127.0.0.1:9 cannot be reached" in found["proxies"]["says"]


@pytest.mark.parametrize(
    ("config_map", "answer", "says"),
    [
        ((200, {"data": {"contact": "#ml", "gpusMax": "8"}}), "yes", "gpusMax: 8; ask #ml"),
        ((200, {}), "yes", "none is set"),
        ((404, {}), "no", "every bundle is refused"),
        ((403, {}), "unknown", "there may be limits, in the ConfigMap modelbundle-tenants of modelbundle-system"),
    ],
)
def test_limits_are_read_where_the_operator_has_them(
    world: World, doctor: Callable[..., Result], config_map: tuple[int, Any], answer: str, says: str
) -> None:
    limited = surrounded({"LIMITS_DIRECTORY": "/etc/modelbundle/limits"})
    answering(world, deployments=(200, {"items": [limited]}), **{"modelbundle-tenants": config_map})
    found = checks(doctor("--only", "namespace", "-o", "json"))["limits"]
    assert found["answer"] == answer
    assert says in found["says"]


def test_groups_and_the_table(world: World, doctor: Callable[..., Result]) -> None:
    answering(world)
    result = doctor("--only", "store")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["CHECK", "store", "store-use"]
    assert result.exit_code == 0


def test_an_api_server_that_is_away_is_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAUNCH_ARTIFACT_URI")
    world.api.close()
    result = CliRunner().invoke(cli, ["doctor", "-o", "json"], catch_exceptions=False)
    found = checks(result)
    assert {name: check["answer"] for name, check in found.items()} == {
        "client": "yes", "cluster": "no", "store": "unknown",
    }  # fmt: skip
    assert result.exit_code == 3


def test_keys_and_tokens_are_not_shown(
    world: World, doctor: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("LAUNCH_ARTIFACT_URI", "s3://bucket/prefix")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("launch.stores.s3_store.ATTEMPTS", 1)
    answering(world)
    assert "canary" not in doctor("-o", "json").output


def test_a_step_of_the_store_that_fails_is_named(world: World, tmp_path: Path) -> None:
    store = store_at(str(tmp_path / "file" / "below"))
    (tmp_path / "file").write_text("")
    facts = tried_store("here", store)
    assert facts.done == []
    assert "cannot be made" in str(facts.failed)


def test_what_takes_too_long_is_left_behind() -> None:
    with pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
        within(0.01, lambda: time.sleep(1))
    with pytest.raises(ZeroDivisionError):
        within(60.0, lambda: 1 / 0)
    assert within(60.0, lambda: 7) == 7


def test_resources_of_nodes_are_added_up() -> None:
    assert offered([NODE, {"status": {}}, {}]) == {"nvidia.com/gpu": "4 on 1 node"}
    assert offered([]) == {}


def test_an_answer_of_another_form_is_unknown(world: World) -> None:
    answering(world, deployments=(200, {"items": [{"metadata": {}}]}), nodes=(200, []))
    facts = collect(world.client.connection, ("installation",), world.client._store)
    assert isinstance(facts.operators, Unknown)
    assert isinstance(facts.devices, Unknown)
