"""A large body is read by a process beside the one that serves: the answers are the same, and nobody waits for it."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import PATIENCE, Background, Pair, until

PREDICT = """
def predict(x=None, y="", **more):
    return [len(x) if isinstance(x, (list, dict)) else x, len(y), len(more)]
"""
DOCUMENT = {"requestSchema": {"properties": {"y": {"maxLength": 5_000_000}, "z": {"type": "integer"}}}}
COUNT = 150_000
MANY = list(range(COUNT))
V1, V2 = "/v1/models/model:predict", "/v2/models/model/infer"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("large") / "root", PREDICT, DOCUMENT, name="model") as pair:
        yield pair


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def v2(count: int, **more: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "datatype": "INT64", "shape": [count], "data": MANY[:count]}], **more}


@pytest.mark.parametrize(
    ("path", "small", "large"),
    [
        ("/predict", {"x": [1], "y": "a"}, {"x": MANY, "y": "a"}),
        ("/predict", {"x": {"a": 1}}, {"x": {f"k{number}": 1 for number in MANY}}),
        ("/predict", {"y": "a"}, {"y": "a" * 4_500_000}),
        ("/launch/predict", {"args": {"x": [1]}}, {"args": {"x": MANY}}),
        (V1, {"inputs": {"x": [1]}}, {"inputs": {"x": MANY}}),
        (V1, {"instances": [{"x": [1]}]}, {"instances": [{"x": MANY}]}),
        (V2, v2(1), v2(COUNT)),
        (V2, v2(1, id="an id", outputs=[{"name": "none"}]), v2(COUNT, id="an id", outputs=[{"name": "none"}])),
        (V1, {"instances": [{"z": "a"}]}, {"instances": [{"z": "a"}, *[{"x": 1}] * 90_000]}),
        ("/launch/predict", {"x": 1}, {"x": MANY}),
    ],
)
def test_what_is_large_is_answered_as_what_is_small(pair: Pair, path: str, small: Any, large: Any) -> None:
    before, after = pair.call("POST", path, body(small)), pair.call("POST", path, body(large))
    assert after.status == before.status
    assert after.headers.keys() == before.headers.keys()
    size, wide = b"[1,", b"[%d," % COUNT
    if before.status != 200:
        assert after.body == before.body
    elif path != V2 and "y" not in large:
        assert after.body == before.body.replace(size, wide)


def test_what_is_no_json_is_so_where_it_is_not(pair: Pair) -> None:
    text = body({"x": MANY})
    answer = pair.call("POST", "/predict", text[:-2])
    assert (answer.status, answer.code) == (400, "NotJSON")
    with pytest.raises(orjson.JSONDecodeError) as raised:
        orjson.loads(text[:-2])
    assert str(raised.value) in answer.message


def test_violations_are_counted_and_compressed_bodies_are_read_too(pair: Pair) -> None:
    before = pair.metric('modelbundle_schema_violations_total{schema="request"}')
    content = gzip.compress(body({"x": MANY, "z": "a"}))
    assert pair.call("POST", "/predict", content, content_encoding="gzip").code == "RequestSchemaViolation"
    assert pair.metric('modelbundle_schema_violations_total{schema="request"}') == before + 1


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def forker(pair: Pair) -> int:
    """The process that forks those that read."""
    (found,) = children_of(pair.server_pid)
    return found


def children(pair: Pair) -> list[int]:
    """Those that read."""
    return children_of(forker(pair))


def sockets(pid: int) -> list[Path]:
    return [each for each in Path(f"/proc/{pid}/fd").iterdir() if str(each.readlink()).startswith("socket:")]


class Stopped:
    """A large request whose process stands still until goes_on()."""

    def __init__(self, pair: Pair, count: int = 3_000_000) -> None:
        content = b'{"x":[%b1]}' % (b"1," * count)
        until(lambda: not children(pair), "the one before is gone")
        self.connection = pair.open()
        self.connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(content))
        self.connection.sendall(content)
        self.pid = int(until(lambda: children(pair), "a process reads it")[0])
        until(lambda: len(sockets(self.pid)) == 1, "it has forgotten the one that forked it")
        os.kill(self.pid, signal.SIGSTOP)

    def goes_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def answer(self) -> bytes:
        self.connection.settimeout(PATIENCE)
        return self.connection.recv(65536)


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_small_requests_are_answered_meanwhile_and_large_ones_in_their_order(pair: Pair) -> None:
    first = Stopped(pair)
    with contextlib.closing(pair.open()) as second:
        content = body({"x": MANY})
        second.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(content) + content)
        for _ in range(20):
            assert pair.predict(x=1, y="ab").json == [1, 2, 0]
        assert children(pair) == [first.pid], "one at a time"
        first.goes_on()
        assert first.answer().endswith(b"[3000001,0,0]")
        second.settimeout(PATIENCE)
        assert second.recv(65536).endswith(b"[%d,0,0]" % COUNT)
    until(lambda: not children(pair), "none is left")


def test_a_process_that_is_killed_is_the_end_of_its_request_only(pair: Pair) -> None:
    large, serving = Stopped(pair), pair.server_pid
    os.kill(large.pid, signal.SIGKILL)
    answer = large.answer()
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b'"InternalError"' in answer
    assert "the process that read a large body has ended (-9)" in pair.server_log
    assert pair.call("POST", "/predict", body({"x": MANY})).json == [COUNT, 0, 0]
    assert pair.server_pid == serving


def test_where_the_one_that_forks_is_killed_another_takes_its_place(pair: Pair) -> None:
    first, serving = forker(pair), pair.server_pid
    os.kill(first, signal.SIGKILL)
    assert pair.call("POST", "/predict", body({"x": MANY})).json == [COUNT, 0, 0]
    assert forker(pair) != first
    assert pair.server_pid == serving


def test_a_client_that_leaves_ends_it(pair: Pair) -> None:
    gone = 'modelbundle_requests_total{code="ClientGone",status="499"}'
    before = pair.metric(gone)
    large = Stopped(pair)
    large.connection.shutdown(socket.SHUT_RDWR)
    large.connection.close()
    until(lambda: is_gone(large.pid), "its process is gone")
    assert pair.metric(gone) == before + 1
    assert pair.call("POST", "/predict", body({"x": MANY})).json == [COUNT, 0, 0]


def test_no_longer_than_a_request_may_take(served: Served) -> None:
    pair = served(PREDICT, request_timeout_seconds=2)
    large = Stopped(pair)
    assert large.answer().startswith(b"HTTP/1.1 504 ")
    until(lambda: is_gone(large.pid), "its process is gone")


def test_where_the_one_that_forks_stands_still_nobody_waits_in_vain(served: Served) -> None:
    pair = served(PREDICT, request_timeout_seconds=2)
    stopped = forker(pair)
    os.kill(stopped, signal.SIGSTOP)
    several = [Background(pair, x=MANY) for _ in range(3)]
    assert [each.answer().code for each in several] == ["DeadlineExceeded"] * 3
    for _ in range(2):
        assert pair.call("POST", "/predict", body({"x": MANY})).json == [COUNT, 0, 0]
    assert is_gone(stopped)
    assert pair.drain().wait(PATIENCE) == 0


def test_a_drain_waits_for_it(served: Served) -> None:
    pair = served(PREDICT)
    large = Stopped(pair)
    drain = pair.drain()
    until(lambda: pair.metric("modelbundle_draining") == 1, "it drains")
    large.goes_on()
    assert large.answer().endswith(b"[3000001,0,0]")
    assert drain.wait(PATIENCE) == 0


def test_it_does_not_outlive_the_server(served: Served) -> None:
    pair = served(PREDICT)
    large, serving = Stopped(pair), pair.server_pid
    os.kill(serving, signal.SIGKILL)
    until(lambda: is_gone(large.pid), "its process is gone")
    until(lambda: pair.server_pid not in (serving, pair.server.pid), "another one serves")
    pair.wait_ready()
    assert pair.predict(x=1).json == [1, 0, 0]
