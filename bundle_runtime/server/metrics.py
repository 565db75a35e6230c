"""What Prometheus reads: prometheus-client turns the plain numbers of the hot path into text when somebody asks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bundle_runtime.server.histogram import Histogram
from bundle_runtime.server.lifecycle import SERVING

if TYPE_CHECKING:
    from bundle_runtime.server.server import App


class Metrics(Collector):
    def __init__(self) -> None:
        self.requests: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.latency = Histogram()
        self.violations = {"request": 0, "response": 0}
        self._app: App | None = None
        self._registry = CollectorRegistry()

    def of(self, app: App) -> None:
        self._app = app
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        assert self._app is not None
        requests = CounterMetricFamily(
            "modelbundle_requests",
            "Predictions asked for, by HTTP status and error code (OK: none; status 499: the client left).",
            labels=["status", "code"],
        )
        for (status, code), count in self.requests.items():
            requests.add_metric([str(status), code], count)
        yield requests
        yield HistogramMetricFamily(
            "modelbundle_request_seconds",
            "From the first byte of a request for a prediction to its answer.",
            buckets=self.latency.buckets(),
            sum_value=self.latency.total,
        )
        phases = HistogramMetricFamily(
            "modelbundle_phase_seconds",
            "Of that, the time until the worker has the request, puts the call together, is in user code, serialises.",
            labels=["phase"],
        )
        for phase, histogram in self._app.dispatcher.phases.histograms.items():
            phases.add_metric([phase], buckets=histogram.buckets(), sum_value=histogram.total)
        yield phases
        yield _batch_sizes(self._app.dispatcher.batch_sizes)
        violations = CounterMetricFamily(
            "modelbundle_schema_violations", "Requests or responses that broke their schema.", labels=["schema"]
        )
        for schema, count in self.violations.items():
            violations.add_metric([schema], count)
        yield violations
        yield from _now(self._app)


def _batch_sizes(counts: Counter[int]) -> Metric:
    bounds = [2**power for power in range(13)]
    buckets = [(str(bound), float(sum(n for size, n in counts.items() if size <= bound))) for bound in bounds]
    return HistogramMetricFamily(
        "modelbundle_batch_size",
        "Requests in one call of predict_batch.",
        buckets=[*buckets, ("+Inf", float(sum(counts.values())))],
        sum_value=float(sum(size * n for size, n in counts.items())),
    )


def _now(app: App) -> Iterable[Metric]:
    link = app.link
    yield _gauge("modelbundle_requests_in_flight", "Requests that the worker has.", app.dispatcher.in_flight)
    yield _gauge("modelbundle_queue_depth", "Requests that wait for the worker.", app.dispatcher.queue_depth)
    yield _gauge("modelbundle_connections", "Open HTTP connections.", len(app.connections))
    yield _gauge("modelbundle_worker_up", "1 when a worker has loaded the bundle.", int(link.loaded))
    yield _gauge("modelbundle_draining", "1 while the server goes away.", int(app.lifecycle.stage is not SERVING))
    yield _gauge(
        "modelbundle_worker_heartbeat_age_seconds",
        "Since the loaded worker's last sign of life; 0 without one.",
        link.heartbeat_age or 0.0,
    )
    lost = CounterMetricFamily("modelbundle_worker_restarts", "Loaded workers that went away without being asked.")
    lost.add_metric([], link.lost)
    yield lost
    phases = GaugeMetricFamily("modelbundle_worker_load_seconds", "How long the worker's load took.", labels=["phase"])
    for phase, seconds in link.load_seconds.items():
        phases.add_metric([phase], seconds)
    yield phases
    info = GaugeMetricFamily("modelbundle_info", "The bundle that is served.", labels=["digest", "worker_python"])
    info.add_metric([app.digest, str(link.worker.get("python") or "")], 1)
    yield info


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help, value=value)
