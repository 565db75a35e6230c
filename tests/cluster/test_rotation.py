"""A Secret that is rotated is taken up by a new rollout.token, also beside a program that restarts Deployments."""

from __future__ import annotations

import json

from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit.call import from_host
from tools.testkit.kubectl import apply, get, kubectl, wait_for
from tools.testkit.store import Store

NAME = "rotated"
# what the pod began with, as its answer
PREDICT = """
import os


def load(model):
    def predict(x, y):
        return int(os.environ["KEY"])
    return predict
"""


def test_a_rotated_secret_is_taken_up_by_a_new_token(operator: object, namespace: str, store: Store) -> None:
    _rotate("1", namespace)
    serving = {"replicas": 1, "envFrom": [{"secretRef": {"name": "keys"}}]}
    apply(cpu_bundle(store, NAME, predict=PREDICT, serving=serving), namespace=namespace)
    wait_ready(NAME, namespace)
    wait_for("the first value", lambda: _answer(namespace) == 1, 60)
    _rotate("2", namespace)
    # as Reloader does
    env = [{"name": "worker", "env": [{"name": "STAKATER_KEYS_SECRET", "value": "2"}]}]
    patch = json.dumps({"spec": {"template": {"spec": {"containers": env}}}})
    kubectl("patch", "deployment", NAME, "-p", patch, "--field-manager=Reloader", namespace=namespace)
    wait_for("its edit to be undone", lambda: "STAKATER" not in _template(namespace), 60)
    token = '{"spec":{"serving":{"rollout":{"token":"after the rotation"}}}}'
    kubectl("patch", "modelbundle", NAME, "--type=merge", "-p", token, namespace=namespace)
    wait_for("the second value", lambda: _answer(namespace) == 2, 240)
    wait_ready(NAME, namespace)
    assert "STAKATER" not in _template(namespace)


def _rotate(value: str, namespace: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"KEY": value}}
    apply(secret, namespace=namespace)


def _answer(namespace: str) -> object:
    return from_host(NAME, namespace, {"x": 1, "y": ""}, 3).value


def _template(namespace: str) -> str:
    return json.dumps((get("deployment", NAME, namespace) or {})["spec"]["template"])
