"""Streams whose client is slow or leaves, and streams that a drain comes upon."""

from __future__ import annotations

import http.client
import signal
import socket
from pathlib import Path

import pytest

from tests.serving.conftest import Served
from tests.serving.streams import LINES, SOURCE, SSE, ask, begin, marks
from tools.testkit.pair import PATIENCE, Background, at_rest, until


class TestFlow:
    def test_a_client_that_does_not_read_stops_the_function(self, served: Served) -> None:
        pair = served(SOURCE)
        response = begin(pair, LINES, n=3_000, size=10_000)
        before = at_rest(lambda: len(marks(pair)))
        assert 0 < before < 1500, "30 MB would have been made"
        assert int((Path("/proc") / str(pair.server_pid) / "statm").read_text().split()[1]) * 4096 < 150e6
        assert len(response.read()) == 3_000 * 10_003
        assert marks(pair)[-1] == "closed"

    def test_a_client_that_does_not_read_gives_its_place_to_one_that_waits(self, served: Served) -> None:
        pair = served(SOURCE)
        response = begin(pair, LINES, n=3_000, size=10_000)
        at_rest(lambda: len(marks(pair)))
        assert ask(pair, kind="plain").status == 200, "within the minute that it may take itself"
        assert marks(pair)[-1] == "closed"
        with pytest.raises((OSError, http.client.HTTPException)):
            response.read()

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_a_client_that_leaves_ends_the_generator(self, served: Served, kind: str) -> None:
        pair = served(SOURCE)
        wait = 0.05 if kind == "sync" else 60  # where it awaits it need not come to its next yield
        response = begin(pair, SSE, kind=kind, n=1000, wait=wait)
        assert response.readline()
        response.fp.raw._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
        response.close()
        until(lambda: any("closed" in mark for mark in marks(pair)), "closed")
        assert len(marks(pair)) < 100
        assert ask(pair, n=1).json == [0], "its place is free again"
        assert pair.metric('modelbundle_requests_total{code="ClientGone",status="499"}') == 1

    def test_a_client_that_leaves_before_there_is_a_stream(self, served: Served, tmp_path: Path) -> None:
        source = "import os, time\n\ndef predict():\n    while not os.path.exists(GO):\n        time.sleep(0.005)\n"
        gone = tmp_path / "gone"
        pair = served(f"GO = {str(gone)!r}\n{source}    return iter(['x' * 1000] * 100_000)\n")
        with pair.open() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "it runs")
        gone.touch()
        until(lambda: pair.metric("modelbundle_requests_in_flight") == 0, "its place is free again")

    def test_a_drain_waits_for_a_stream_and_no_longer_than_a_request_may_take(self, served: Served) -> None:
        pair = served(SOURCE)
        short = begin(pair, LINES, n=4, wait=0.2)
        assert short.readline() == b"0\n"
        drain = pair.drain()
        assert short.read() == b"1\n2\n3\n"
        assert drain.wait(PATIENCE) == 0

        pair = served(SOURCE, request_timeout_seconds=2)
        endless = begin(pair, LINES, n=10_000, wait=0.1)
        assert endless.readline()
        assert pair.drain().wait(PATIENCE) == 0
        *items, error = endless.read().splitlines()
        assert b"DeadlineExceeded" in error
        assert len(items) < 80, "ten a second, for two seconds"

    @pytest.mark.parametrize("drain_seconds", [0, 60])
    def test_the_next_request_after_a_stream_that_a_drain_came_upon(self, served: Served, drain_seconds: int) -> None:
        pair = served(SOURCE, drain_seconds=drain_seconds)
        connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=30)
        connection.request("POST", "/predict", b'{"kind": "gated"}', LINES)
        stream = connection.getresponse()
        assert stream.readline() == b"0\n"
        assert not stream.will_close, "so the client may send another request, which must not be lost"
        drain = pair.drain()
        until(lambda: pair.metric("modelbundle_draining") == 1, "it drains")
        (pair.root / "bundle/artifact/go").touch()  # without which the stream goes on
        assert stream.read() == b"1\n"
        connection.request("POST", "/predict", b'{"kind": "plain"}')
        answer = connection.getresponse()
        assert (answer.status, answer.will_close) == (200, True)
        pair.kill(pair.server, signal.SIGTERM)  # cuts a wait for load balancers short
        assert drain.wait(PATIENCE) == 0

    def test_a_stream_that_begins_during_a_drain(self, served: Served) -> None:
        pair = served(SOURCE, drain_seconds=2)
        drain = pair.drain()
        until(lambda: pair.metric("modelbundle_draining") == 1, "it drains")
        stream = begin(pair, LINES, n=5, wait=0.8)
        assert stream.will_close
        assert stream.read() == b"0\n1\n2\n3\n4\n", "whole, though it takes longer than the wait for load balancers"
        assert drain.wait(PATIENCE) == 0

    def test_several_streams_at_once(self, served: Served) -> None:
        pair = served(SOURCE, max_concurrency=3)
        answers = [Background(pair, n=5, wait=0.05) for _ in range(3)] + [Background(pair, kind="async", n=5)]
        assert [answer.answer().json for answer in answers] == [[0, 1, 2, 3, 4]] * 4
