"""What a worker finds in its pod: threads for the CPUs that it asks for, and after a restart of its container what it
downloaded before."""

from __future__ import annotations

from collections.abc import Callable

from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit.call import post, service_url
from tools.testkit.kubectl import Manifest, apply, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

THREADS = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
MODEL = """
import os, tempfile

def load():
    weights = os.path.expanduser("~/.cache/m/weights")
    if not os.path.exists(weights):
        print("download", flush=True)
        os.makedirs(os.path.dirname(weights))
        with open(weights, "w") as file:
            file.write("weights")
    os.close(os.open(os.path.join(tempfile.gettempdir(), "scratch"), os.O_CREAT | os.O_EXCL))
    return open(weights).read()
"""
PREDICT = f"""
import os, signal

def load(model):
    def predict(x, y):
        if y == "end":
            os.kill(os.getpid(), signal.SIGKILL)
        return [model, os.getuid(), [os.environ.get(name) for name in {THREADS}]]
    return predict
"""
FROM_BUNDLE = [{"name": "OMP_NUM_THREADS", "value": "7"}]


def test_threads_and_caches(operator: Callable[[], None], store: Store, namespace: str) -> None:
    apply(
        cpu_bundle(store, "small", predict=PREDICT, model=MODEL),
        cpu_bundle(store, "own", predict=PREDICT, model=MODEL, env=FROM_BUNDLE),
        cpu_bundle(store, "unset", predict=PREDICT, model=MODEL, serving={"resources": {"memory": "256Mi"}}),
        namespace=namespace,
    )
    seen = {"small": ["1", "1", "1"], "own": ["7", None, None], "unset": [None, None, None]}
    for name, threads in seen.items():
        wait_ready(name, namespace)
        assert _ask(name, namespace) == ["weights", 65533, threads]

    before = _pod("small", namespace)
    with service_url("small", namespace) as url:
        assert post(f"{url}/predict", {"x": 1, "y": "end"}).status == 503
    wait_for("a restart", lambda: _restarts(_pod("small", namespace)) == 1, 120)
    wait_for("its answer", lambda: _ask("small", namespace) == ["weights", 65533, ["1", "1", "1"]], 180)
    pod = before["metadata"]["name"]
    assert "download\n" in kubectl("logs", "--previous", pod, "-c", "worker", namespace=namespace)
    log = kubectl("logs", pod, "-c", "worker", namespace=namespace)
    assert "worker: loaded" in log
    assert "download\n" not in log

    wait_ready("small", namespace)
    kubectl("annotate", "modelbundle", "small", "looked-at=once", namespace=namespace)
    wait_ready("small", namespace)
    assert _pod("small", namespace)["metadata"]["uid"] == before["metadata"]["uid"]
    assert (get("deployment", "small", namespace) or {})["metadata"]["generation"] == 1, "one more reconcile"


def _ask(name: str, namespace: str) -> object:
    with service_url(name, namespace) as url:
        return post(f"{url}/predict", {"x": 1, "y": ""}).value


def _pod(name: str, namespace: str) -> Manifest:
    (found,) = list_all("pods", namespace, f"modelbundle.dev/bundle={name}")
    return found


def _restarts(pod: Manifest) -> int:
    (worker,) = pod["status"]["containerStatuses"]
    return int(worker["restartCount"])
