"""A worker that hangs, as process 1 of its container and with no probe that could tell: it ends itself and is started
again, and its stacks are in the log. The server beside it is not restarted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit.call import post, service_url
from tools.testkit.kubectl import Manifest, apply, kubectl, list_all, wait_for
from tools.testkit.store import Store

# the interpreter lock is held, as by an extension that never gives it back; and it is not
CALLS = {"holds-the-lock": "ctypes.PyDLL(None).sleep(3600)", "waits": "time.sleep(3600)"}
PREDICT = """
import ctypes, time

def load(model):
    def predict(x, y):
        CALL
    return predict
"""
ENDED = {"holds-the-lock": 54, "waits": 1}
SECONDS = 61 + 180  # requestTimeoutSeconds and a minute, then the restart


def test_a_hang_ends_the_worker(operator: Callable[[], None], store: Store, namespace: str) -> None:
    for name, call in CALLS.items():
        predict = PREDICT.replace("CALL", call)
        apply(cpu_bundle(store, name, predict=predict, serving={"requestTimeoutSeconds": 1}), namespace=namespace)
    for name in CALLS:
        wait_ready(name, namespace)
        with service_url(name, namespace) as url:
            assert post(f"{url}/predict", {"x": 1, "y": ""}).status == 504
    for name in CALLS:
        ended = wait_for(f"{name}: a restart", partial(_ended, name, namespace), SECONDS)
        pod = _pod(name, namespace)
        assert ended["exitCode"] == ENDED[name], ended
        assert "in predict" in kubectl(
            "logs", "--previous", pod["metadata"]["name"], "-c", "worker", namespace=namespace
        )
        (server,) = (found for found in pod["status"]["initContainerStatuses"] if found["name"] == "server")
        assert server["restartCount"] == 0
        wait_ready(name, namespace)


def _pod(name: str, namespace: str) -> Manifest:
    (found,) = list_all("pods", namespace, f"modelbundle.dev/bundle={name}")
    return found


def _ended(name: str, namespace: str) -> Manifest:
    """How the worker before this one ended; empty until the kubelet says so, which may be after the restart."""
    (worker,) = _pod(name, namespace)["status"]["containerStatuses"]
    return dict(worker["lastState"].get("terminated") or {})
