"""Pods that go under constant load: nobody's request is lost; of a killed pod only those that were in flight on it.

One bundle serves all of it, one event after the other. Clients never retry; half of them keep their connections, and
beside the quick requests there are always slow ones and streams under way. The function notes each id when it begins
and when it ends, so that what clients sent is compared with what pods ran, id by id.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.load import Answer, Load, load
from tests.cluster.traffic import NOTES
from tools.local_cluster import processes
from tools.testkit.call import CLIENT, from_pod, start_client
from tools.testkit.kubectl import KubectlError, Manifest, apply, get, kubectl, list_all, wait_for
from tools.testkit.page_blocks import blocks
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive  # three replicas and their replacements leave no room for other tests' pods
NAME = "leaving"
AT_MOST = 240.0  # seconds of traffic for one event
LEAST = 1000  # requests, each event takes longer than the 4 s in which these are sent
SEEN_SECONDS = 0.05  # until a server has seen its worker's socket end, a request may still be sent there
NEVER_SENT = ("ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "RemoteDisconnected")
NOTING = """
import os, socket, threading, time

def load(model):
    pod, lock, collector = socket.gethostname(), threading.Lock(), None

    def note(what, id):
        nonlocal collector
        with lock:
            for _ in range(2):  # the collector of the event before is gone
                try:
                    collector = collector or socket.create_connection((os.environ["NOTES_HOST"], NOTES_PORT), 5)
                    collector.sendall(f"{pod} {what} {id}\\n".encode())
                    if collector.recv(1):
                        return
                except OSError:
                    pass
                collector = None

    def predict(x, y, seconds=0.0, items=0):
        note("began", y)
        if items:
            return stream(y, seconds, items)
        time.sleep(seconds)
        note("ended", y)
        return model(x) + len(y)

    def stream(y, seconds, items):
        for number in range(items):
            yield number
            time.sleep(seconds)
        note("ended", y)

    return predict
""".replace("NOTES_PORT", str(NOTES))


@pytest.fixture(scope="module")
def served(operator: object, make_namespace: Callable[..., str], store: Store) -> Iterator[str]:
    """The namespace where it serves."""
    start_client(namespace := make_namespace("drain"))
    client = wait_for("the client's address", lambda: (get("pod", CLIENT, namespace) or {})["status"].get("podIP"), 60)
    env, serving = [{"name": "NOTES_HOST", "value": client}], {"replicas": 2, "maxConcurrency": 16}
    apply(cpu_bundle(store, NAME, predict=NOTING, env=env, serving=serving), namespace=namespace)
    wait_ready(NAME, namespace)
    wait_for("its name to answer", lambda: from_pod(NAME, namespace, {"x": 1, "y": ""}).status == 200, 60)
    yield namespace
    kubectl("delete", "namespace", namespace, "--wait=false")


def test_a_deleted_pod(served: str, show: Callable[[str], None]) -> None:
    pod = _pods(served)[0]
    with _losing_nothing("deletion of one pod of two", served, show):
        kubectl("delete", "pod", pod, "--wait=false", namespace=served)
        _settle(served, 2, gone=[pod])


def test_a_drain_of_the_node(served: str, show: Callable[[str], None]) -> None:
    """As `kubectl drain` does it, by the Eviction API and with the bundle's budget, but only for this bundle and
    without the cordon: the replacements have no other node to go to."""
    wait_for("room in its budget", lambda: (get("pdb", NAME, served) or {})["status"]["disruptionsAllowed"] == 1, 120)
    pods = _pods(served)
    refused: list[str] = []
    with _losing_nothing("eviction of both pods, with a budget", served, show):
        for pod in pods:
            wait_for(f"{pod} to be evicted", partial(_evict, pod, served, refused), 180)
        _settle(served, 2, gone=pods)
    assert refused, "the second one waited for the first one's replacement"


def test_a_roll_out(served: str, show: Callable[[str], None]) -> None:
    before = _pods(served)
    with _losing_nothing("roll-out", served, show):
        _serving({"resources": {"cpu": "25m", "memory": "256Mi"}}, served)
        _settle(served, 2, gone=before)


@pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="kills processes of this machine: needs the local cluster")
def test_a_killed_worker(served: str, show: Callable[[str], None]) -> None:
    victim = _pods(served)[0]
    with load(NAME, served, AT_MOST, "mixed") as traffic:
        time.sleep(2)
        at = _kill(victim, served, "worker")
        wait_for("its restart", partial(_restarted, victim, served, "worker"), 120)
        _settle(served, 2)
    lost, late = _in_flight(traffic, victim, at)
    assert not late, f"{len(late)} lost that were not in flight, first: {late[:3]}"
    show(
        f"SIGKILL of a worker: of {len(traffic.answers)} requests {len(lost)} lost, all in flight on it at that moment"
    )


@pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="kills processes of this machine: needs the local cluster")
def test_a_killed_pod(served: str, show: Callable[[str], None]) -> None:
    """Nobody is left in the pod to say so: until its endpoint is gone, new connections to it are refused."""
    victim = _pods(served)[1]
    with load(NAME, served, AT_MOST, "mixed") as traffic:
        time.sleep(2)
        at = _kill(victim, served, "server", "worker")
        wait_for("their restart", partial(_restarted, victim, served, "server", "worker"), 120)
        _settle(served, 2)
    lost, late = _in_flight(traffic, victim, at)
    for answer in late:
        assert answer.wrong.startswith(NEVER_SENT), answer
    ran = {note.id for note in traffic.notes}
    assert not ran & {answer.id for answer in late}
    seconds = max((answer.over for answer in late), default=at) - at
    show(
        f"SIGKILL of a pod's server and worker: of {len(traffic.answers)} requests {len(lost)} lost that were in flight"
        f" on it at that moment; {len(late)} more were refused in the {seconds:.1f} s until its endpoint was gone, none"
        f" of them run"
    )
    assert seconds < 30  # the kubelet's and the proxy's, on a busy machine


def test_a_scale_down(served: str, show: Callable[[str], None]) -> None:
    """Last of this file, which has two pods otherwise."""
    _serving({"replicas": 3}, served)
    _settle(served, 3)
    kubectl("patch", "pdb", NAME, "--type=merge", "-p", '{"spec": {"maxUnavailable": 0}}', namespace=served)
    wait_for("no drain to be stopped", lambda: _most(served) == "10%", 60)
    with _losing_nothing("scale-down 3 -> 1", served, show):
        _serving({"replicas": 1}, served)
        _settle(served, 1)
    wait_for("the budget to go, which one pod does not need", lambda: get("pdb", NAME, served) is None, 60)
    apply(_budget(), namespace=served)
    before = wait_for("a Deployment whose status is written no more", lambda: _at_rest(served), 120)
    kubectl("annotate", "mbun", NAME, "look=again", namespace=served)
    time.sleep(2)
    assert _versions(served) == before, "one more look changes nothing, nor a budget of the user's own"


@contextmanager
def _losing_nothing(event: str, namespace: str, show: Callable[[str], None]) -> Iterator[None]:
    with load(NAME, namespace, AT_MOST, "mixed") as traffic:
        time.sleep(2)
        began = time.monotonic()
        yield
        took = time.monotonic() - began
        time.sleep(2)
    answers, lost = traffic.answers, traffic.lost
    assert not lost, f"{len(lost)} of {len(answers)} requests lost, first: {lost[:3]}"
    _same_ids(traffic)
    kept = sum(answer.kept for answer in answers)
    pods = len({note.pod for note in traffic.notes})
    show(
        f"{event}, {took:.1f} s under {traffic.rate:.0f} requests/s, no retries, {kept} on kept-alive and"
        f" {len(answers) - kept} on new connections, {sum(a.over - a.sent > 0.5 for a in answers)} longer than half a"
        f" second: 0 of {len(answers)} lost, each run once, by {pods} pods"
    )
    assert len(answers) >= LEAST


def _same_ids(traffic: Load) -> None:
    """Every id that was sent was run, once and to its end, and no other."""
    sent = Counter(answer.id for answer in traffic.answers)
    for what in ("began", "ended"):
        noted = Counter(note.id for note in traffic.notes if note.what == what)
        assert noted == sent, f"{what}: {len(noted - sent)} that nobody sent, {len(sent - noted)} missing"


def _serving(change: Manifest, namespace: str) -> None:
    patch = json.dumps({"spec": {"serving": change}})
    kubectl("patch", "mbun", NAME, "--type=merge", "-p", patch, namespace=namespace)


def _settle(namespace: str, count: int, gone: list[str] | None = None) -> None:
    # so many pods are there, all ready, none of those that went
    def look() -> bool:
        pods = list_all("pods", namespace, f"modelbundle.dev/bundle={NAME}")
        names = {pod["metadata"]["name"] for pod in pods}
        return len(names) == count and not names & set(gone or []) and all(_is_ready(pod) for pod in pods)

    wait_for(f"{count} pods", look, 240)
    wait_ready(NAME, namespace)


def _is_ready(pod: Manifest) -> bool:
    conditions = {found["type"]: found["status"] for found in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"


def _pods(namespace: str) -> list[str]:
    _settle(namespace, 2)  # whatever the test before it has come to
    return [pod["metadata"]["name"] for pod in list_all("pods", namespace, f"modelbundle.dev/bundle={NAME}")]


def _most(namespace: str) -> object:
    return (get("pdb", NAME, namespace) or {}).get("spec", {}).get("maxUnavailable")


def _versions(namespace: str) -> dict[str, str]:
    """Of the children, and of what has their name."""
    return {
        kind: (get(kind, NAME, namespace) or {})["metadata"]["uid" if kind == "pdb" else "resourceVersion"]
        for kind in ("configmap", "service", "deployment", "pdb")
    }


def _at_rest(namespace: str) -> dict[str, str] | None:
    before = _versions(namespace)
    time.sleep(3)
    return before if _versions(namespace) == before else None


def _budget() -> Manifest:
    """That of the page."""
    (block,) = (block for block in blocks() if block.page.name == "draining.md" and block.language == "yaml")
    return dict(yaml.safe_load(block.text.replace("sentiment-v3", NAME)))


def _evict(pod: str, namespace: str, refused: list[str]) -> bool:
    """False where the budget does not allow it now, which is noted."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    try:
        kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))
    except KubectlError as error:
        if "disruption budget" not in str(error):
            raise
        refused.append(pod)
        return False
    return True


def _kill(pod: str, namespace: str, *containers: str) -> float:
    """SIGKILL to the processes of these containers, at once; returns when all are dead and it has been seen."""
    ids = [found["containerID"].rpartition("/")[2] for found in _statuses(pod, namespace, containers)]
    pids = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cgroup") if _is_of(path, ids)]
    assert len(pids) >= len(containers)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # a worker ends with its parent
            os.kill(pid, signal.SIGKILL)
    while any(processes.alive(pid) for pid in pids):
        time.sleep(0.001)
    return time.time() + SEEN_SECONDS


def _restarted(pod: str, namespace: str, *containers: str) -> bool:
    # until the kubelet has seen their end, what it says of the pod is of the containers before
    return all(found["restartCount"] for found in _statuses(pod, namespace, containers))


def _statuses(pod: str, namespace: str, containers: tuple[str, ...]) -> list[Manifest]:
    status = (get("pod", pod, namespace) or {})["status"]
    found = status["initContainerStatuses"] + status["containerStatuses"]
    return [each for each in found if each["name"] in containers]


def _is_of(cgroup: Path, ids: list[str]) -> bool:
    try:
        return any(id in cgroup.read_text() for id in ids)
    except OSError:  # it has ended meanwhile
        return False


def _in_flight(traffic: Load, pod: str, at: float) -> tuple[list[Answer], list[Answer]]:
    """What was lost: requests that were in flight on the pod at that time, and others."""
    elsewhere = {note.id for note in traffic.notes if note.pod != pod}
    lost = [answer for answer in traffic.lost if answer.sent < at and answer.id not in elsewhere]
    return lost, [answer for answer in traffic.lost if answer not in lost]
