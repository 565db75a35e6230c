"""Connections of a real server: more than it may have, and probes, which get through."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import urllib.error
import urllib.request

from bundle_runtime.server.limits import FILES_RESERVED
from bundle_runtime.server.probes import CONNECTIONS_MAX
from launch.local.ports import reserve
from tests.serving.conftest import Served
from tools.testkit.pair import Pair, until

ECHO = "def predict(x):\n    return x\n"
SLOW = "import time\n\ndef predict(x):\n    time.sleep(x)\n    return x\n"
FILES = 200
MOST = FILES - FILES_RESERVED


def probe(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def few_files(pair: Pair) -> Pair:
    pair.open_files = FILES
    return pair.start()


def test_more_idle_connections_than_there_may_be_keep_nobody_out(bundle: Served) -> None:
    pair = few_files(bundle(ECHO))
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(pair.open()) for _ in range(3 * MOST)]
        assert pair.predict(x=1).json == 1
        until(lambda: pair.metric("modelbundle_connections_ended_total") >= 2 * MOST, "the first ones ended")
        assert pair.metric("modelbundle_connections") <= MOST
        opened[0].settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert opened[0].recv(1) == b"", "the oldest"
        opened[-1].sendall(b"GET /healthz HTTP/1.1\r\nhost: m\r\n\r\n")
        assert opened[-1].recv(100).startswith(b"HTTP/1.1 200"), "the newest"


def test_probes_get_through_however_many_clients_there_are(bundle: Served) -> None:
    port, keeps_port = reserve()
    pair = few_files(bundle(SLOW, max_concurrency=1, probe_port=port))
    body = json.dumps({"x": 20}).encode()
    request = b"POST /predict HTTP/1.1\r\nhost: m\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    with contextlib.ExitStack() as stack:
        stack.enter_context(keeps_port)
        for _ in range(2 * MOST):
            client = stack.enter_context(pair.open())
            with contextlib.suppress(OSError):
                client.sendall(request)
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(2 * CONNECTIONS_MAX)
        ]
        answers = [probe(port, path) for path in ("/healthz", "/readyz", "/internal/worker/started", "/metrics")]
        assert answers == [200] * 4
        assert silent


def test_the_port_of_the_probes_serves_nothing_else(bundle: Served) -> None:
    port, keeps_port = reserve()
    with keeps_port:
        bundle(ECHO, probe_port=port).start()
    assert [probe(port, path) for path in ("/healthz", "/docs", "/v2", "/predict")] == [200, 404, 404, 404]


def test_the_server_raises_its_limit_of_open_files_itself(bundle: Served) -> None:
    pair = bundle(ECHO).start()
    soft, hard = resource.prlimit(pair.server_pid, resource.RLIMIT_NOFILE)
    assert soft == hard


def test_an_idle_connection_ends_when_the_bundle_says_so_and_get_tells(bundle: Served) -> None:
    pair = bundle(ECHO, idle_seconds=1, max_request_bytes=2000).start()
    with pair.open() as idle:
        idle.settimeout(30)
        assert idle.recv(1) == b""
    limits = pair.call("GET", "/").json["limits"]
    assert (limits["idleSeconds"], limits["maxRequestBytes"]) == (1, 2000)
    answer = pair.predict(x="y" * 2000)
    assert (answer.status, answer.code) == (413, "BodyTooLarge")
    assert "2000 bytes (serving.maxRequestBytes)" in answer.message
