"""The asynchronous row: ours answers it, what shares no Semaphore or client is found out, the page says what was."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tools.benchmarks.harness import closed_loop
from tools.benchmarks.serving import asynchronous
from tools.benchmarks.serving.apps import asking
from tools.benchmarks.serving.asynchronous_page import page
from tools.benchmarks.serving.servers import SERVERS
from tools.testkit.pair import until


def asked(port: int) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/", json.dumps(asynchronous.CASE.fields))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_ours_answers_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with asynchronous.backend() as port:
        monkeypatch.setenv(asynchronous.VARIABLE, f"http://127.0.0.1:{port}/")
        until(lambda: asked(port) == (200, 17), "it answers")
        with asynchronous.start_ours(tmp_path / "root", ("ask",), os.sched_getaffinity(0)) as served:
            ask = SERVERS[0].ask(asynchronous.CASE)
            assert closed_loop.verify(served.port, ask, asynchronous.CASE) == 2
            with ThreadPoolExecutor(2 * asking.LIMIT) as clients:
                answers = list(clients.map(lambda _: closed_loop.once(served.port, ask), range(1000)))
    assert set(answers) == {(200, b"17")}


def test_more_connections_than_the_semaphore_lets_in_are_refused() -> None:
    with asynchronous.backend() as port:
        until(lambda: asked(port) == (200, 17), "it answers")
        with contextlib.ExitStack() as held:
            for _ in range(asking.LIMIT):
                held.enter_context(socket.create_connection(("127.0.0.1", port)))
            until(lambda: asked(port)[0] == 503, "one more is refused")


def test_the_page_has_figures_or_what_was_wrong() -> None:
    facts = {"clients": 1000, "limit": 100, "rounds": 2, "secondsEach": 5, "loadBefore": 0.1}
    facts |= {"processors": 2, "kernel": "6", "python": "3.11.7", "versions": {"Model Bundles": "1", "LitServe": "2"}}
    about = {"row": "asynchronous", "cores": 1, "clients": 1000}
    figures = {"cpuUs": [300.0, 320.0], "perSecond": [3000.0, 3100.0], "p50Us": [3e5, 3e5], "p99Us": [4e5, 4e5]}
    ours = {"server": "Model Bundles", **about, **figures, "answers": [15000.0, 15500.0]}
    theirs = {"server": "LitServe", **about, "error": "of 9 answers 3 wrong, 0 connections failed: 500"}
    text = page({**facts, "rows": [ours, theirs]})
    assert "| Model Bundles | 1 | 30,500 | 0 | 310 (300) | 1.00x | 3050 | 300 | 400 |" in text
    assert "**Provisional**: 2 of 3 rounds." in text
    assert "| LitServe | 2 |  | of 9 answers 3 wrong, 0 connections failed: 500 |" in text
