"""Requests that would end a pod's server, against a pod with its default limits: each is refused with its
code, no container is restarted, and other clients are answered meanwhile. A server that dies for another reason costs
its pod no loaded model."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.load import load
from tools.testkit.call import service_url
from tools.testkit.kubectl import Manifest, apply, list_all, wait_for
from tools.testkit.store import Store

NAME = "attacked"
AT_MOST = 240.0  # seconds of the other clients' traffic
MIB = 1024 * 1024
NOTHING = b"[]," * (63 * MIB // 3) + b"[]"
ROUTES = {
    "/predict": b'{"x":[%b]}',
    "/launch/predict": b'{"args":{"x":[%b]}}',
    f"/v1/models/{NAME}:predict": b'{"instances":[%b]}',
    f"/v2/models/{NAME}/infer": b'{"inputs":[%b]}',
}
MODEL = """
import os, uuid

def load():
    loaded = uuid.uuid4().hex
    return lambda x: x * 2 if x else loaded
"""
PREDICT = """
def load(model):
    def predict(x, y):
        return model(x) + len(y) if x else model(x)
    return predict
"""


@pytest.fixture(scope="module")
def attacked(make_namespace: Callable[..., str], operator: object, store: Store) -> str:
    """The namespace of one bundle: its server has its default limits, its worker none."""
    name = make_namespace("attacked")
    apply(cpu_bundle(store, NAME, model=MODEL, predict=PREDICT, serving={"resources": {"cpu": "10m"}}), namespace=name)
    wait_ready(NAME, name)
    return name


def pod(namespace: str) -> Manifest:
    (found,) = list_all("pods", namespace, f"modelbundle.dev/bundle={NAME}")
    return found


def statuses(namespace: str) -> dict[str, Manifest]:
    status = pod(namespace)["status"]
    found = status["initContainerStatuses"] + status["containerStatuses"]
    return {each["name"]: each for each in found if each["name"] in ("server", "worker")}


def restarts(namespace: str) -> dict[str, int]:
    return {name: status["restartCount"] for name, status in statuses(namespace).items()}


def restarted(namespace: str, times: int) -> bool:
    return restarts(namespace)["server"] == times


@contextlib.contextmanager
def nobody_else_notices(namespace: str) -> Iterator[str]:
    """The Service's address, while others ask it; nothing of theirs is lost, and nothing is restarted."""
    with service_url(NAME, namespace) as url, load(NAME, namespace, AT_MOST) as traffic:
        time.sleep(1)
        yield urlsplit(url).netloc
        time.sleep(1)
    assert not traffic.lost, f"{len(traffic.lost)} of {len(traffic.answers)}, first: {traffic.lost[0]}"
    assert restarts(namespace) == {"server": 0, "worker": 0}


def connected(address: str) -> socket.socket:
    host, _, port = address.partition(":")
    return socket.create_connection((host, int(port or 80)), timeout=60)


def ask(address: str, path: str, body: bytes, *headers: str) -> bytes:
    """What is answered, to its end."""
    lines = [f"POST {path} HTTP/1.1", "host: x", "connection: close", f"content-length: {len(body)}", *headers]
    with connected(address) as connection:
        with contextlib.suppress(OSError):  # it may be refused before all is sent
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return read(connection)


def read(connection: socket.socket) -> bytes:
    answer = b""
    with contextlib.suppress(OSError):
        while data := connection.recv(65536):
            answer += data
    return answer


@pytest.mark.parametrize("times", [1, 3], ids=["once", "again and again"])
def test_bodies_of_nothing_but_values(attacked: str, times: int) -> None:
    with nobody_else_notices(attacked) as address:
        for path, body in list(ROUTES.items()) * times:
            compressed = gzip.compress(body % NOTHING, 6)
            answer = ask(address, path, compressed, "content-encoding: gzip")
            assert answer.startswith(b"HTTP/1.1 413 "), answer[:300]
            assert b"send less in one request" in answer
        answer = ask(address, "/predict", ROUTES["/predict"] % NOTHING)
        assert answer.startswith(b"HTTP/1.1 413 "), answer[:300]


def test_bodies_that_never_end(attacked: str) -> None:
    answers: list[bytes] = []

    def send(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (60 * MIB))
            for _ in range(59):
                connection.sendall(b" " * MIB)
        connection.settimeout(10)
        answers.append(read(connection))

    with nobody_else_notices(attacked) as address:
        connections = [connected(address) for _ in range(20)]
        threads = [threading.Thread(target=send, args=(connection,)) for connection in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for connection in connections:
            connection.close()
        given = [answer for answer in answers if answer]
        assert len(given) > len(answers) / 2
        for answer in given:
            assert answer.startswith(b"HTTP/1.1 503 "), answer[:300]
            assert b"retry-after: " in answer


def test_chunks_of_two_bytes(attacked: str) -> None:
    with nobody_else_notices(attacked) as address, connected(address) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for _ in range(180):
            connection.sendall(b"2\r\nab\r\n" * 100_000)
        connection.sendall(b"0\r\n\r\n")
        assert read(connection).startswith(b"HTTP/1.1 400 "), "no JSON"


@pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="kills processes of this machine: needs the local cluster")
def test_a_server_that_is_killed_again_and_again_costs_no_loaded_model(attacked: str) -> None:
    """Last of this file: it restarts the server."""
    body = b'{"x": 0, "y": ""}'

    def loaded() -> bytes:
        with service_url(NAME, attacked) as url:
            answer = ask(urlsplit(url).netloc, "/predict", body)
        return answer.rpartition(b"\r\n")[2] if answer.startswith(b"HTTP/1.1 200 ") else b""

    before = loaded()
    assert before
    for count in range(1, 5):
        id = statuses(attacked)["server"]["containerID"].rpartition("/")[2]
        for path in Path("/proc").glob("[0-9]*/cgroup"):
            with contextlib.suppress(OSError):
                if id in path.read_text():
                    os.kill(int(path.parent.name), signal.SIGKILL)
        wait_for("the server's restart", partial(restarted, attacked, count), 200)
        wait_for("the pod to be ready", lambda: statuses(attacked)["worker"]["ready"], 200)
        wait_for("its Service", loaded, 60)
    assert loaded() == before, "the model that was loaded at first"
    assert restarts(attacked)["worker"] == 0
