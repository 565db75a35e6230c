"""A request before the first one, on a real cluster: served, failed, and refused before a GPU is taken."""

from __future__ import annotations

import json
from functools import partial

from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tests.cluster.layers import pods_of
from tests.cluster.one_more_look import changes_nothing_more, deployments
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, wait_for
from tools.testkit.store import Store

PREDICT = """
seen = []

def load(model):
    def predict(x, y):
        seen.append(1 / x)
        return len(seen)
    return predict
"""
SCHEMA: Manifest = {
    "requestSchema": {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "y": {"type": "string"}},
        "required": ["x", "y"],
    },
    "responseSchema": {"type": "integer"},
}


def warmed_by(name: str, text: str, namespace: str) -> None:
    patch = json.dumps({"spec": {"serving": {"warmUp": text}}})
    kubectl("patch", "mbun", name, "--type=merge", "-p", patch, namespace=namespace)


def answer(name: str, namespace: str) -> int:
    found = wait_for("an answer", lambda: from_host(name, namespace, {"x": 1, "y": ""}, 5).value, 60)
    return int(str(found))


def test_a_warm_up_is_predicted_before_ready_and_a_wrong_one_leaves_the_old_pods(
    operator: object, namespace: str, store: Store
) -> None:
    warm = {"warmUp": '{"x": 1, "y": "$(HOME)"}'}
    needs_gpu = {"gpu": {"count": 1}, "warmUp": '{"x": "one", "y": ""}'}
    apply(
        cpu_bundle(store, "warm", predict=PREDICT, serving=warm, **SCHEMA),
        cpu_bundle(store, "with-gpu", predict=PREDICT, serving=needs_gpu, **SCHEMA),
        namespace=namespace,
    )
    refused = wait_condition("with-gpu", namespace, "Ready", "False", "InvalidValue")
    assert 'spec.serving.warmUp does not fit requestSchema: x: "one" is not' in condition(refused, "Ready")["message"]
    assert get("deployment", "with-gpu", namespace) is None

    digest = wait_ready("warm", namespace)["status"]["digest"]
    assert answer("warm", namespace) == 2
    (pod,) = pods_of("warm", namespace)
    warmed_by("warm", '{"x": 0, "y": ""}', namespace)
    wait_for("the failure to be said", partial(_says, "warm", namespace, "ZeroDivisionError"), 180)
    assert _says("warm", namespace, "spec.serving.warmUp failed")
    assert answer("warm", namespace) == 3, "of the pod from before"
    assert pod["metadata"]["uid"] in [each["metadata"]["uid"] for each in pods_of("warm", namespace)]

    warmed_by("warm", '{"x": 1, "y": "b"}', namespace)
    wait_for("one other pod", lambda: _only_another(pod, namespace), 180)
    assert wait_ready("warm", namespace)["status"]["digest"] == digest
    # the pod from before answers until its endpoint is gone; it has counted further
    wait_for("the first answer of the other pod", lambda: answer("warm", namespace) == 2, 60)

    warmed_by("with-gpu", '{"x": 1, "y": ""}', namespace)
    wait_ready("with-gpu", namespace)
    assert answer("with-gpu", namespace) == 2
    changes_nothing_more(namespace, deployments)


def _only_another(pod: Manifest, namespace: str) -> bool:
    (found, *more) = pods_of("warm", namespace)
    return not more and found["metadata"]["uid"] != pod["metadata"]["uid"]


def _says(name: str, namespace: str, words: str) -> bool:
    body = get("mbun", name, namespace) or {}
    said = [str(each.get("message")) for each in (body.get("status") or {}).get("conditions") or []]
    last = (body.get("status") or {}).get("lastFailure") or {}
    return any(words in each for each in [*said, str(last.get("message"))])
