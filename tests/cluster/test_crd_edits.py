"""spec.bundle is immutable: every edit of every field by every verb is refused, or changes no stored byte.

And what must not be mistaken for an edit: every field of spec.serving, and the same manifest from another writer.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cluster.bundle_edits import BASES, EDITS, GONE, MAY_BE_ACCEPTED, PICKLE, ZIP
from tests.cluster.crd_api import Answer, Object, Server, fresh_namespace
from tools.testkit.kubectl import KubectlError, kubectl
from tools.testkit.model_bundles import SHA256

pytestmark = pytest.mark.cluster

SERVING = {"replicas": 0}


def manifest(name: str, bundle: Any) -> Object:
    spec = {"bundle": bundle, "serving": SERVING}
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": name},
        "spec": {key: value for key, value in spec.items() if value is not GONE},
    }


def stored(server: Server, name: str) -> str:
    return json.dumps(server.get(name)["spec"]["bundle"], sort_keys=True)


VERBS = ("client-side apply", "merge patch", "JSON patch", "server-side apply", "replace")


def name_for(verb: str, base: str) -> str:
    """Each verb has its own objects: another writer's fields would stay where server-side apply leaves one out."""
    return f"{base}-{verb.split()[0].lower()}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_namespace("crd-edits") as server:
        verbs = server.verbs()
        for verb, (base, bundle) in itertools.product(VERBS, BASES.items()):
            name = name_for(verb, base)
            create = verbs[verb] if verb.endswith("apply") else lambda _, made: server.create(made)
            answer = create(name, manifest(name, bundle))
            assert answer.accepted, answer.text
        yield server


@pytest.mark.parametrize("verb", VERBS)
def test_no_edit_of_the_bundle_is_stored(server: Server, verb: str) -> None:
    write = server.verbs()[verb]
    names = [name_for(verb, base) for base in BASES]
    before = {name: stored(server, name) for name in names}

    def attempt(case: tuple[str, str, Callable[[Object], None]]) -> tuple[str, Answer]:
        base, what, edit = case
        bundle = copy.deepcopy(BASES[base])
        edit(bundle)
        return what, write(name_for(verb, base), manifest(name_for(verb, base), bundle))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, EDITS))
    assert {name: stored(server, name) for name in names} == before
    odd = [(what, answer) for what, answer in answers if not answer.refused and what not in MAY_BE_ACCEPTED]
    assert not odd


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("bundle", [{}, None, GONE], ids=["empty", "null", "removed"])
def test_the_bundle_cannot_go(server: Server, verb: str, bundle: Any) -> None:
    name = name_for(verb, "zip")
    before = stored(server, name)
    answer = server.verbs()[verb](name, manifest(name, bundle))
    assert stored(server, name) == before
    assert answer.refused, answer


def test_the_refusal_says_what_to_do(server: Server) -> None:
    bundle = copy.deepcopy(ZIP) | {"loadModelFn": "model.other"}
    text = server.client_side_apply("zip-client-side", manifest("zip-client-side", bundle)).text
    assert "spec.bundle is immutable: clone it with spec.bundle.cloneFrom, or create a new ModelBundle" in text
    assert "null" in text


SERVING_EDITS: list[Object] = [
    {"replicas": 3},
    {"gpu": {"count": 4}},
    {"gpu": {"count": 0, "resourceName": "amd.com/gpu"}},
    {"resources": {"cpu": "500m", "memory": "8Gi", "ephemeralStorage": "20Gi"}},
    {"resources": {"cpu": 2}},
    {"maxConcurrency": 8},
    {"requestTimeoutSeconds": 5},
    {"startupTimeoutSeconds": 1200},
    {"terminationGracePeriodSeconds": 30},
    {"nodeSelector": {"topology.kubernetes.io/zone": "a", "pool": ""}},
    {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]},
    {"priorityClassName": "high"},
    {"runtimeClassName": "nvidia"},
    {"schedulerName": "volcano"},
    {"imagePullSecrets": [{"name": "registry"}]},
    {"serviceAccountName": "models"},
    {"artifactSecretName": "store"},
    {"artifactSecretName": ""},
    {"envFrom": [{"prefix": "P_", "secretRef": {"name": "s", "optional": True}}, {"configMapRef": {"name": "c"}}]},
    {"rollout": {"whenNoCapacity": "Replace", "token": "again"}},
    {"podLabels": {"team": "a"}, "podAnnotations": {"note": "b"}},
    {"volumes": [{"name": "w", "mountPath": "/w", "persistentVolumeClaim": {"claimName": "w"}, "readOnly": False}]},
    {"resources": {"cpu": 0.5, "memory": 1e9}},
]


@pytest.mark.parametrize("serving", SERVING_EDITS, ids=lambda serving: next(iter(serving)))
def test_every_serving_field_may_change(server: Server, serving: Object) -> None:
    name = "serving-" + next(iter(serving)).lower() + str(SERVING_EDITS.index(serving))
    assert server.create(manifest(name, PICKLE)).accepted
    before = stored(server, name)
    for verb, write in server.verbs().items():
        if verb == "client-side apply":
            continue  # the object was not made by kubectl; test_the_same_manifest_is_never_an_edit covers it
        changed = manifest(name, PICKLE)
        changed["spec"]["serving"] = serving if verb != "merge patch" else {**SERVING, **serving}
        answer = write(name, changed)
        assert answer.accepted, (verb, answer.text)
        found = server.get(name)["spec"]["serving"]
        assert {
            key: {**found[key], **value} if isinstance(value, dict) else value for key, value in serving.items()
        } == {key: found[key] for key in serving}, verb
        assert stored(server, name) == before
    server.delete(name)


# as a careful writer dumps it; without the quotes YAML 1.1 readers take the key y for a boolean
YAML = """
apiVersion: modelbundle.dev/v1alpha1
kind: ModelBundle
metadata: {name: NAME}
spec:
  bundle:
    artifact: {uri: "s3://models/a.pkl", sha256: SHA256, packaging: cloudpickle, pythonVersion: "3.10"}
    envParams: {frameworkType: pytorch, pytorchImageTag: 1.7.1-cuda11.0-cudnn8-runtime}
    requirements: []
    appConfig: {mode: single, "on": "off", scale: 1.0, large: 1e3, list: [1, 2.50], empty: {}, none: []}
    requestSchema:
      type: object
      properties: {x: {type: integer}, "y": {type: string}, "n": {const: "yes"}}
      required: [x, "y"]
    responseSchema: {type: integer}
  serving: {replicas: 0}
"""
WRITERS: dict[str, tuple[str, ...]] = {
    "create": ("create",),
    "apply": ("apply",),
    "server-side": ("apply", "--server-side", "--force-conflicts", "--field-manager=helm"),
    "replace": ("replace",),
}
SEQUENCES = [
    (first, *rest)
    for first in ("create", "apply", "server-side")
    for rest in itertools.permutations([writer for writer in WRITERS if writer != "create"])
]


def write(namespace: str, words: tuple[str, ...], text: str) -> None:
    """kubectl with the manifest; again when an operator that runs beside the test wrote status in between."""
    for attempt in range(20):
        try:
            kubectl(*words, "-f", "-", namespace=namespace, stdin=text)
        except KubectlError as error:
            if "the object has been modified" not in str(error) or attempt == 19:
                raise
        else:
            return


def test_the_same_manifest_is_never_an_edit(server: Server) -> None:
    """Every order of writers: a POST, kubectl apply, Helm's and Argo CD's server-side apply, kubectl replace."""

    def write_all(number: int) -> list[str]:
        name = f"order-{number}"
        text = YAML.replace("NAME", name).replace("SHA256", SHA256)
        seen = []
        for writer in SEQUENCES[number]:
            try:
                write(server.namespace, WRITERS[writer], text)
            except KubectlError as error:
                return [f"{SEQUENCES[number]}: {writer}: {error}"]
            seen.append(stored(server, name))
        return [] if len(set(seen)) == 1 else [f"{SEQUENCES[number]}: {seen}"]

    with ThreadPoolExecutor(8) as pool:
        problems = [problem for found in pool.map(write_all, range(len(SEQUENCES))) for problem in found]
    assert not problems
    schema = server.get("order-0")["spec"]["bundle"]["requestSchema"]
    assert schema["required"] == ["x", "y"]
    assert sorted(schema["properties"]) == ["n", "x", "y"]
