"""What Prometheus reads: prometheus-client turns the plain numbers of the hot path into text when it asks for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bundle_runtime.server.counters import Counters
from bundle_runtime.server.exposition import merged
from bundle_runtime.server.histogram import Histogram


@dataclass(frozen=True)
class Snapshot:
    """The server at one moment. Ages and times are in seconds."""

    in_flight: int
    queue_depth: int
    connections: int
    connections_ended: int  # to make room for others
    slow_readers_ended: int
    refusals: Mapping[tuple[str, str], int]  # by what was too large, and why
    worker_up: bool
    draining: bool
    heartbeat_age: float  # 0.0 without a loaded worker
    workers_lost: int
    load_seconds: Mapping[str, float]  # by phase
    phases: Mapping[str, Histogram]
    batch_sizes: Counter[int]
    digest: str
    worker_python: str
    server_restarts: int  # since the container started
    user_metrics_missed: int  # scrapes to which the worker gave no metrics of its own


class Metrics(Collector):
    """``snapshot`` is asked each time that the metrics are."""

    def __init__(self, counters: Counters, snapshot: Callable[[], Snapshot]) -> None:
        self._counters = counters
        self._snapshot = snapshot
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self, of_user: bytes = b"") -> bytes:
        """In Prometheus' text format, with what user code gives in it."""
        return merged(generate_latest(self._registry), of_user)

    def collect(self) -> Iterable[Metric]:
        """Called by the registry for each text."""
        now = self._snapshot()
        requests = CounterMetricFamily(
            "modelbundle_requests",
            "Predictions asked for, by HTTP status and error code (OK: none; status 499: the client left).",
            labels=["status", "code"],
        )
        for (status, code), count in self._counters.requests.items():
            requests.add_metric([str(status), code], count)
        yield requests
        yield HistogramMetricFamily(
            "modelbundle_request_seconds",
            "From the first byte of a request for a prediction to its answer.",
            buckets=self._counters.latency.buckets(),
            sum_value=self._counters.latency.total,
        )
        phases = HistogramMetricFamily(
            "modelbundle_phase_seconds",
            "Of that, the time until the worker has the request, puts the call together, is in user code, serialises.",
            labels=["phase"],
        )
        for phase, histogram in now.phases.items():
            phases.add_metric([phase], buckets=histogram.buckets(), sum_value=histogram.total)
        yield phases
        yield _batch_sizes(now.batch_sizes)
        violations = CounterMetricFamily(
            "modelbundle_schema_violations", "Requests or responses that broke their schema.", labels=["schema"]
        )
        for schema, count in self._counters.violations.items():
            violations.add_metric([schema], count)
        yield violations
        yield from _now(now)


def _batch_sizes(counts: Counter[int]) -> Metric:
    bounds = [2**power for power in range(13)]
    buckets = [(str(bound), float(sum(n for size, n in counts.items() if size <= bound))) for bound in bounds]
    return HistogramMetricFamily(
        "modelbundle_batch_size",
        "Requests in one call of predict_batch.",
        buckets=[*buckets, ("+Inf", float(sum(counts.values())))],
        sum_value=float(sum(size * n for size, n in counts.items())),
    )


def _now(now: Snapshot) -> Iterable[Metric]:
    yield _gauge("modelbundle_requests_in_flight", "Requests that the worker has.", now.in_flight)
    yield _gauge("modelbundle_queue_depth", "Requests that wait for the worker.", now.queue_depth)
    yield _gauge("modelbundle_connections", "Open HTTP connections.", now.connections)
    yield _counter("modelbundle_connections_ended", "Connections ended to make room for others.", now.connections_ended)
    yield _counter(
        "modelbundle_slow_readers_ended", "Clients whose unread responses were too much.", now.slow_readers_ended
    )
    refused = CounterMetricFamily(
        "modelbundle_refusals",
        "What was more than a setting (limit), a frame or memory ever takes, or than memory takes now.",
        labels=["what", "why"],
    )
    for labels, count in now.refusals.items():
        refused.add_metric(list(labels), count)
    yield refused
    yield _gauge("modelbundle_worker_up", "1 when a worker has loaded the bundle.", int(now.worker_up))
    yield _gauge("modelbundle_draining", "1 while the server goes away.", int(now.draining))
    yield _gauge(
        "modelbundle_worker_heartbeat_age_seconds",
        "Since the loaded worker's last sign of life; 0 without one.",
        now.heartbeat_age,
    )
    yield _counter(
        "modelbundle_worker_restarts", "Loaded workers that went away without being asked.", now.workers_lost
    )
    yield _counter(
        "modelbundle_server_restarts",
        "Processes that served and were killed, since the container started.",
        now.server_restarts,
    )
    phases = GaugeMetricFamily("modelbundle_worker_load_seconds", "How long the worker's load took.", labels=["phase"])
    for phase, seconds in now.load_seconds.items():
        phases.add_metric([phase], seconds)
    yield phases
    yield _counter(
        "modelbundle_user_metrics_missed", "Scrapes without the bundle's own metrics.", now.user_metrics_missed
    )
    info = GaugeMetricFamily("modelbundle_info", "The bundle that is served.", labels=["digest", "worker_python"])
    info.add_metric([now.digest, now.worker_python], 1)
    yield info


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=value)


def _counter(name: str, help: str, value: float) -> Metric:
    return CounterMetricFamily(name, help, value=value)
