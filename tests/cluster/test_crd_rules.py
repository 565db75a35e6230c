"""What the API server refuses at creation, with a message that helps, and what it makes of what is left out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cluster.crd_api import Answer, Object, Server, fresh_namespace
from tools.testkit.crd_corpus import RULE_ERRORS, SCHEMA_ERRORS, VALID
from tools.testkit.kubectl import kubectl, wait_for
from tools.testkit.model_bundles import model_bundle

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_namespace("crd-rules") as server:
        yield server


def dry_run(server: Server, obj: Object) -> Answer:
    """Admission and validation in full, and nothing is stored that an operator could act upon."""
    body = {**obj, "metadata": {"name": obj["metadata"]["name"], "namespace": server.namespace}}
    status, answer = server.request("POST", "", body, query="dryRun=All")
    return Answer(status < 300, str(answer.get("message", "")))


def dry_run_all(server: Server, objects: list[Object]) -> list[Answer]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda obj: dry_run(server, obj), objects))


def test_what_is_right_is_accepted(server: Server) -> None:
    answers = dry_run_all(server, [obj for _, obj in VALID])
    wrong = [(why, answer.text) for (why, _), answer in zip(VALID, answers, strict=True) if not answer.accepted]
    assert not wrong


def test_what_breaks_the_schema_is_refused(server: Server) -> None:
    answers = dry_run_all(server, [obj for _, obj in SCHEMA_ERRORS])
    assert not [why for (why, _), answer in zip(SCHEMA_ERRORS, answers, strict=True) if not answer.refused]


def test_what_breaks_a_rule_is_refused_with_its_message(server: Server) -> None:
    answers = dry_run_all(server, [obj for _, obj, _ in RULE_ERRORS])
    odd = [
        (why, answer)
        for (why, _, says), answer in zip(RULE_ERRORS, answers, strict=True)
        if not answer.refused or says not in answer.text
    ]
    assert not odd


def created(server: Server, name: str, serving: Any = None) -> Object:
    obj = copy.deepcopy(model_bundle(name, serving))
    obj["metadata"] = {"name": name}
    answer = server.create(obj)
    assert answer.accepted, answer.text
    return server.get(name)


def test_defaults_make_scale_and_status_work(server: Server) -> None:
    found = created(server, "bare")
    assert found["spec"]["serving"] == {
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
        "disruptionBudget": True,
    }
    # -1 until an operator has seen it
    assert found["status"]["observedGeneration"] in (-1, 1)
    kubectl("scale", "mbun/bare", "--replicas=0", namespace=server.namespace)
    assert server.get("bare")["spec"]["serving"]["replicas"] == 0
    server.delete("bare")


def test_the_free_form_parts_keep_every_value(server: Server) -> None:
    config = {"a": None, "b": [None, 1, 2.5, "x", {"c": False}], "": {}, "$ref": "#", "x-kubernetes-x": {"y": "n"}}
    obj = copy.deepcopy(model_bundle("values", {"replicas": 0}, appConfig=config))
    obj["metadata"] = {"name": "values"}
    assert server.create(obj).accepted
    assert server.get("values")["spec"]["bundle"]["appConfig"] == config


def test_a_null_in_a_typed_field_is_dropped(server: Server) -> None:
    obj = copy.deepcopy(model_bundle("nulls", {"replicas": 0, "gpu": None}))
    obj["metadata"] = {"name": "nulls"}
    obj["spec"]["bundle"] |= {"env": None, "cloneFrom": None}
    assert server.create(obj).accepted
    found = server.get("nulls")["spec"]
    assert not {"env", "cloneFrom"} & set(found["bundle"])
    assert found["serving"]["gpu"]["count"] == 1


def test_a_clients_status_is_ignored(server: Server) -> None:
    obj = copy.deepcopy(model_bundle("status", {"replicas": 0}))
    obj["metadata"] = {"name": "status"}
    assert server.create({**obj, "status": {"digest": "sha256:forged"}}).accepted
    assert server.get("status")["status"].get("digest") != "sha256:forged"


def test_kubectl_shows_the_columns_and_explains_the_fields(server: Server) -> None:
    created(server, "shown", {"replicas": 0})
    header = kubectl("get", "mbun", "shown", namespace=server.namespace).splitlines()[0].split()
    assert header == ["NAME", "READY", "REASON", "REPLICAS", "READY-REPLICAS", "GPU", "BASE", "AGE"]
    assert "shown" in kubectl("get", "modelbundles", namespace=server.namespace)
    # the API server publishes its schemas some time after it has a new CRD
    words = ("explain", "mbun.spec.bundle.artifact.sha256")
    wait_for("the field's description", lambda: "64 lowercase hex digits" in kubectl(*words), 60)
    assert json.loads(kubectl("get", "mbun", "-o", "json", namespace=server.namespace))["items"]
