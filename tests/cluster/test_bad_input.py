"""Every bad input ends in a condition, a refusal or an HTTP error that says what happened and what to do next.

All rows are applied at once and then looked at one by one: most of the time is the kubelet's, and it passes for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.bad_rows import ROWS, Row, World
from tests.cluster.bundles import INTEGER, REQUEST, cpu_bundle, wait_condition, wait_ready
from tests.cluster.operator_pods import operator_logs
from tests.gitops import health_data
from tools.testkit.call import from_host
from tools.testkit.kubectl import KubectlError, Manifest, apply, condition, explain_bundle, get, kubectl, wait_for
from tools.testkit.place import Place
from tools.testkit.store import Store

Capture = Callable[[str, str], None]
ADVISED = ("UnpickleFailed", "PythonMismatch", "LoadFailed", "OutOfMemory")  # their messages end with a known failure


@pytest.fixture(scope="module")
def world(operator: object, make_namespace: Callable[..., str], place: Place, store: Store) -> Iterator[World]:
    world = World(make_namespace("bad-input"), place, store)
    for row in ROWS:
        row.before(world)
    apply(*(row.make(world) for row in ROWS), namespace=world.namespace)
    yield world
    kubectl("delete", "namespace", world.namespace, "--wait=false")


# those that heal take longest: meanwhile the others' pods would start again and again, and keep the node full
IN_TURN = sorted(ROWS, key=lambda row: row.heal is not None)


@pytest.mark.parametrize("row", IN_TURN, ids=lambda row: row.name)
def test_condition_says_what_happened_and_what_to_do(
    row: Row, world: World, capture: Capture, keep: Callable[[str, Manifest], None]
) -> None:
    if row.local_only and os.environ.get("CLUSTER"):
        pytest.skip(f"{row.local_only}: needs the local cluster")
    bundle = wait_condition(row.name, world.namespace, "Ready", "False", row.reason, row.timeout)
    message = condition(bundle, "Ready")["message"]
    for piece in row.says:
        assert piece in message
    assert (condition(bundle, "Stalled").get("status") == "True") == row.stalled
    if row.reason in ADVISED:
        code = message[message.rindex("[docs/how-to/troubleshooting.md#") :]
        wait_for(f"the event with {code}", lambda: code in _events(row.name, world.namespace), 60)
    capture(f"bad-{row.name}", _printed(row.name, world.namespace))
    if health_data.wanted():
        keep(row.name, wait_for("a second failure", lambda: _failed_again(row, world.namespace), row.timeout))
    if row.heal is None:
        kubectl("delete", "modelbundle", row.name, "--wait=false", namespace=world.namespace)  # room for the others
        return
    uid = bundle["metadata"]["uid"], bundle["metadata"]["generation"]
    row.heal(world)
    # the kubelet starts a container that failed again and again after up to five minutes
    healed = wait_ready(row.name, world.namespace, 450)
    assert (healed["metadata"]["uid"], healed["metadata"]["generation"]) == uid
    # the node follows a pod's readiness a moment later
    answer = wait_for("an answer", lambda: from_host(row.name, world.namespace, {"x": 2, "y": "abc"}, timeout=5), 60)
    assert answer.value == 7
    kubectl("delete", "modelbundle", row.name, "--wait=false", namespace=world.namespace)


def test_unknown_framework_is_refused_by_the_api_server(world: World, capture: Capture) -> None:
    bundle = cpu_bundle(world.store, "unknown-framework", envParams={"frameworkType": "theano"})
    with pytest.raises(KubectlError) as refused:
        apply(bundle, namespace=world.namespace)
    assert "frameworkType" in str(refused.value)
    assert '"pytorch", "tensorflow", "custom_base_image"' in str(refused.value)
    capture("refused-unknown-framework", str(refused.value).replace(world.namespace, "default"))


def test_a_predict_function_that_raises_is_an_http_error(world: World) -> None:
    raises = "def load(model):\n    def predict(x, y):\n        return 1 // x\n    return predict\n"
    apply(
        cpu_bundle(world.store, "predict-raises", predict=raises, requestSchema=REQUEST, responseSchema=INTEGER),
        namespace=world.namespace,
    )
    bundle = wait_ready("predict-raises", world.namespace)
    answer = from_host("predict-raises", world.namespace, {"x": 0, "y": ""})
    assert answer.status == 500
    assert answer.value["error"]["code"] == "PredictFailed"
    assert "ZeroDivisionError" in answer.value["error"]["message"]
    wrong = from_host("predict-raises", world.namespace, {"x": "0", "y": ""})
    assert (wrong.status, wrong.value["error"]["code"]) == (422, "RequestSchemaViolation")
    no_json = from_host("predict-raises", world.namespace, b"{")
    assert (no_json.status, no_json.value["error"]["code"]) == (400, "NotJSON")
    # the model is none the worse for it
    good = from_host("predict-raises", world.namespace, {"x": 1, "y": ""})
    assert (good.status, good.value, good.digest) == (200, 1, bundle["status"]["digest"])


def test_operator_logged_no_traceback_for_any_of_them(world: World) -> None:
    """Last of this file: the log of the operator that judged all rows above."""
    logs = operator_logs()
    assert world.namespace in logs  # it is the log of the operator that saw them
    assert "Traceback" not in logs


def _events(name: str, namespace: str) -> str:
    """What `kubectl describe` shows below the bundle."""
    return kubectl("describe", "mbun", name, namespace=namespace).partition("\nEvents:")[2]


def _failed_again(row: Row, namespace: str) -> Manifest | None:
    """The bundle, once a container that ended badly has done so a second time."""
    bundle = get("modelbundle", row.name, namespace) or {}
    failed = bundle["status"].get("lastFailure", {})
    return bundle if "exitCode" not in failed or failed.get("count", 1) > 1 else None


def _printed(name: str, namespace: str) -> str:
    """`kubectl get` and the conditions of `kubectl describe`, once its own columns have caught up."""
    wait_for("the bundle", lambda: get("modelbundle", name, namespace), 10, lambda: explain_bundle(name, namespace))
    table = kubectl("get", "mbun", name, namespace=namespace)
    path = '{range .status.conditions[?(@.type=="Ready")]}{.message}{end}'
    message = kubectl("get", "mbun", name, "-o", f"jsonpath={path}", namespace=namespace)
    return f"$ kubectl get mbun {name}\n{table}\nReady: {message}\n".replace(namespace, "default")
