"""A line of JSON for each request of a client, on the server's standard output, and none unless it is asked for."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from tests.serving.conftest import Served
from tools.testkit.pair import Background, Pair, until

WAITS = """
import time

def predict(seconds: float = 0.0):
    time.sleep(seconds)
    return "12345"
"""


def started(bundle: Served, log: Path, **options: Any) -> Pair:
    pair = bundle(WAITS, **options)
    with open(log, "wb") as output:
        pair.stdout = output.fileno()
        pair.start_server()
    pair.start_worker()
    pair.wait_ready()
    return pair


def lines(log: Path, path: str) -> list[dict[str, Any]]:
    """Of that path: the test itself asks /readyz again and again."""
    return [line for line in map(json.loads, log.read_text().splitlines()) if line["path"] == path]


def test_each_request_has_a_line(bundle: Served, tmp_path: Path) -> None:
    log = tmp_path / "stdout"
    pair = started(bundle, log, access_log=True)
    assert pair.call("POST", "/predict?token=secret", b"{}", x_request_id="mine").status == 200
    assert pair.call("GET", "/nowhere").status == 404
    leaving = Background(pair, seconds=0.5)
    assert leaving.answer().status == 200
    first, second = until(lambda: len(found := lines(log, "/predict")) == 2 and found, "a line for each")
    del first["time"]
    assert first.pop("durationMs") > 0
    assert first == {"method": "POST", "path": "/predict", "status": 200, "bytes": 7, "requestId": "mine"}
    assert second["durationMs"] >= 500
    assert [line["status"] for line in lines(log, "/nowhere")] == [404]
    assert "secret" not in log.read_text()


def test_a_client_that_left_has_one_too(bundle: Served, tmp_path: Path) -> None:
    log = tmp_path / "stdout"
    pair = started(bundle, log, access_log=True)
    body = b'{"seconds": 0.5}'
    with pair.open() as sock:
        sock.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        sock.shutdown(socket.SHUT_WR)
    found = until(lambda: lines(log, "/predict"), "its line")
    assert [line["status"] for line in found] == [499]


def test_what_is_under_way_has_its_line_when_the_server_ends(bundle: Served, tmp_path: Path) -> None:
    log = tmp_path / "stdout"
    pair = started(bundle, log, access_log=True)
    last = Background(pair, seconds=2)
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "it is under way")
    pair.server.terminate()
    assert last.answer().status == 200
    assert pair.server.wait(60) == 0
    assert [line["status"] for line in lines(log, "/predict")] == [200]


def test_without_the_option_there_is_none(bundle: Served, tmp_path: Path) -> None:
    log = tmp_path / "stdout"
    pair = started(bundle, log)
    pair.predict()
    pair.server.terminate()
    pair.server.wait(60)
    assert log.read_bytes() == b""
