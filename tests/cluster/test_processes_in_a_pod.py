"""Processes that user code starts in a pod, under the oldest and the newest Python: exit codes, no zombie, no hang.

The container's process 1 is the worker's parent there, and its /proc shows every process of the container.
"""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.bundles import PYTORCH, manifest, wait_ready, zipped
from tests.serving import data_loader
from tests.serving.test_processes import JOBS, METHODS, SOURCE
from tools.testkit.call import Answer, post, service_url
from tools.testkit.install import runtime_image
from tools.testkit.kubectl import apply, kubectl, list_all
from tools.testkit.store import Store

PREDICT = (
    SOURCE.replace("def predict(", "def called(")
    + data_loader.PREDICT.replace("def load(", "def loader(")
    + """
def dies(method):
    return loader(method, kill=True)

def zombies(method):
    found = []
    for _ in range(200):
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open("/proc/%s/stat" % name) as file:
                        stat = file.read()
                except OSError:
                    continue
                if stat.rpartition(")")[2].split()[0] == "Z":
                    found.append(stat)
        if not found:
            break
        time.sleep(0.05)
    return found

def process(method):
    return [os.getpid(), os.getppid(), sys.version_info[:2]]

def load_model():
    return None

def load(model):
    return called
"""
)
Asked = Callable[..., Answer]


@pytest.fixture(scope="module", params=["3.8", "3.13"])
def ask(
    request: pytest.FixtureRequest, operator: object, make_namespace: Callable[..., str], store: Store
) -> Iterator[Asked]:
    """Asks the bundle; at the end its container has never been restarted, and the pod is the one that was first."""
    repository, _, tag = runtime_image().rpartition(":")
    images = {
        "3.8": PYTORCH,
        # the one with CPython 3.13: here it is a user's image like any other
        "3.13": {"frameworkType": "custom_base_image", "customBaseImage": {"repository": repository, "tag": tag}},
    }
    data = zipped(predict=PREDICT, jobs=JOBS, data_loader=data_loader.SOURCE)
    key = f"tests/{uuid.uuid4().hex[:12]}/processes.zip"
    artifact = {"uri": store.uri(key), "sha256": store.put(key, data), "packaging": "zip"}
    namespace = make_namespace("processes")
    bundle = manifest(
        "processes",
        artifact,
        loadPredictFn="predict.load",
        loadModelFn="predict.load_model",
        envParams=images[request.param],
        serving={"requestTimeoutSeconds": 300},  # processes start slowly beside other tests
    )
    apply(bundle, namespace=namespace)
    wait_ready("processes", namespace)

    def call(do: str, method: str = "") -> Answer:
        return post(f"{url}/predict", {"do": do, "method": method}, timeout=310)

    def pods() -> list[tuple[str, int]]:
        found = list_all("pods", namespace, "modelbundle.dev/bundle=processes")
        return [(pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"]) for pod in found]

    with service_url("processes", namespace) as url:
        first, process = pods(), call("process").value
        assert process[1:] == [1, [int(part) for part in request.param.split(".")]]
        yield call
        assert call("zombies").value == []
        assert call("process").value == process
    assert pods() == first
    assert [restarts for _, restarts in first] == [0]
    kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize("method", METHODS)
class TestEachStartMethod:
    def test_terminate_and_exit_codes(self, ask: Asked, method: str) -> None:
        assert [ask("terminated", method).value for _ in range(3)] == [-signal.SIGTERM] * 3
        assert ask("exited", method).value == 7

    @pytest.mark.parametrize("do", ["pool", "executor"])
    def test_a_pool_answers_every_time(self, ask: Asked, method: str, do: str) -> None:
        assert [ask(do, method).value for _ in range(3)] == [list(range(0, 16, 2))] * 3

    def test_processes_that_load_batches(self, ask: Asked, method: str) -> None:
        assert ask("loader", method).value == [data_loader.BATCHES, [0, 0]]
        killed = ask("dies", method)
        assert killed.status == 500
        assert "was killed by signal 9" in killed.value["error"]["message"]
        assert ask("loader", method).value == [data_loader.BATCHES, [0, 0]]


def test_a_program_ends_when_asked(ask: Asked) -> None:
    assert ask("popen").value == -signal.SIGTERM


def test_no_orphan_stays_a_zombie(ask: Asked) -> None:
    assert ask("orphans").value == 0
    assert ask("zombies").value == []
