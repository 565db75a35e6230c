"""The user's metrics as the worker tells them: from the default registry, on a thread that holds up nothing."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import prometheus_client
import pytest

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.link import heartbeat
from bundle_runtime.worker.connection.own_metrics import OwnMetrics


class Socket:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data


@pytest.fixture
def user_module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """prometheus_client as user code has it, with a registry of the test's own."""
    module = types.ModuleType("prometheus_client")
    registry = prometheus_client.CollectorRegistry()
    module.__dict__.update(REGISTRY=registry, generate_latest=prometheus_client.generate_latest)
    monkeypatch.setitem(sys.modules, "prometheus_client", module)
    return module


def answers(metrics: OwnMetrics, socket: Socket) -> list[wire.Frame]:
    metrics.answer(Connection(socket))  # type: ignore[arg-type]
    while answering := [thread for thread in threading.enumerate() if thread.name == "modelbundle-metrics"]:
        for thread in answering:
            thread.join()
    return wire.Decoder().feed(socket.sent)


def test_what_is_counted_is_in_the_answer(user_module: types.ModuleType) -> None:
    prometheus_client.Counter("tokens", "Tokens.", registry=user_module.REGISTRY).inc(3)
    (frame,) = answers(OwnMetrics(), Socket())
    assert frame[:2] == (wire.METRICS, 0)
    assert b"\ntokens_total 3.0\n" in frame.payload


def test_a_heartbeat_says_whether_there_is_anything_to_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def bits(*names: str) -> int:
        for name in ("opentelemetry", "prometheus_client"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        for name in names:
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        return wire.Decoder().feed(heartbeat())[0].id

    assert bits() == 0
    assert bits("opentelemetry") == wire.HAS_OPENTELEMETRY
    assert bits("prometheus_client") == wire.HAS_PROMETHEUS
    assert bits("prometheus_client", "opentelemetry") == wire.HAS_OPENTELEMETRY | wire.HAS_PROMETHEUS


def raises(_: object) -> bytes:
    raise SystemExit("a collector of the user")


@pytest.mark.parametrize(
    "change",
    [
        lambda module: module.__dict__.pop("REGISTRY"),  # half imported
        lambda module: module.__dict__.update(generate_latest=raises),
        lambda module: module.__dict__.update(generate_latest=lambda _: b"x" * (wire.MAX_METRICS + 1)),
        lambda module: module.__dict__.update(generate_latest=lambda _: "no bytes"),
    ],
    ids=["half imported", "raises", "too long", "no bytes"],
)
def test_what_cannot_be_told_is_an_empty_answer_and_said_once(
    user_module: types.ModuleType, change: Callable[[Any], object], capsys: pytest.CaptureFixture[str]
) -> None:
    change(user_module)
    metrics, socket = OwnMetrics(), Socket()
    for number in (1, 2):
        assert [frame.payload for frame in answers(metrics, socket)] == [b""] * number
    assert capsys.readouterr().err.count("the bundle's own metrics are left out") == 1


def test_without_prometheus_client_the_answer_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "prometheus_client", raising=False)
    (frame,) = answers(OwnMetrics(), Socket())
    assert frame.payload == b""
    assert "prometheus_client" not in sys.modules


def test_a_collector_that_hangs_has_one_thread_however_often_it_is_asked(user_module: types.ModuleType) -> None:
    going_on = threading.Event()
    user_module.__dict__.update(generate_latest=lambda _: going_on.wait() and b"late 1.0\n")
    metrics, socket = OwnMetrics(), Socket()
    for _ in range(5):
        metrics.answer(Connection(socket))  # type: ignore[arg-type]
    assert [thread.name for thread in threading.enumerate()].count("modelbundle-metrics") == 1
    going_on.set()
    assert [frame.payload for frame in answers(metrics, socket)][:1] == [b"late 1.0\n"]


def test_the_next_question_may_come_as_soon_as_an_answer_is_sent(user_module: types.ModuleType) -> None:
    metrics = OwnMetrics()

    class AsksAgain(Socket):
        def sendall(self, data: bytes) -> None:
            super().sendall(data)
            if self.sent == data:
                metrics.answer(Connection(self))  # type: ignore[arg-type]

    assert len(answers(metrics, AsksAgain())) == 2
