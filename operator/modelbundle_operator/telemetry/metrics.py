"""What the operator tells Prometheus. docs/reference/metrics.md explains each name.

The registry is our own, not the library's global one: tests and a second operator in one process stay apart.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bundle_spec.startup import CHECK, PARTS, WHOLE

PREFIX = "modelbundle_operator"
_STARTUP_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)
_STARTUP_PHASES = (CHECK, *PARTS, WHOLE)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counted where it happens (reconciles, API calls), or read when asked for (queue, cache)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._reconciles = Counter(f"{PREFIX}_reconcile", "Reconciles by result.", ["result"], registry=self.registry)
        self._seconds = Histogram(
            f"{PREFIX}_reconcile_seconds", "Time of one reconcile.", buckets=_SECONDS, registry=self.registry
        )
        self._calls = Counter(
            f"{PREFIX}_api_calls", "Calls to the API server, watches apart.", ["verb", "kind"], registry=self.registry
        )
        self._skipped = Counter(
            f"{PREFIX}_objects_skipped", "Objects of a LIST that cannot be read.", ["kind"], registry=self.registry
        )
        self._received = Counter(
            f"{PREFIX}_api_read_bytes", "Bytes of answers to reads, watches apart.", ["kind"], registry=self.registry
        )
        self._startup = Histogram(
            "modelbundle_startup_seconds",
            "Time of each part of a bundle's start, and of all of it (ready).",
            ["phase"],
            buckets=_STARTUP_SECONDS,
            registry=self.registry,
        )
        self._layers = Counter(
            f"{PREFIX}_layers",
            "Jobs that were to make a layer of requirements, by whether they have.",
            ["result"],
            registry=self.registry,
        )
        for phase in _STARTUP_PHASES:
            self._startup.labels(phase)
        for result in ("made", "none"):
            self._layers.labels(result)
        for result in ("done", "retried", "refused", "timeout", "error"):
            self._reconciles.labels(result)

    def reconciled(self, result: str, seconds: float) -> None:
        """One reconcile ended."""
        self._reconciles.labels(result).inc()
        self._seconds.observe(seconds)

    def started(self, startup: Mapping[str, float]) -> None:
        """One bundle has started; what it took, by part."""
        for phase in _STARTUP_PHASES:
            if phase in startup:
                self._startup.labels(phase).observe(startup[phase])

    def layer(self, made: bool) -> None:
        """One Job that was to make a layer is over."""
        self._layers.labels("made" if made else "none").inc()

    def called(self, verb: str, kind: str) -> None:
        """One call to the API server is made."""
        self._calls.labels(verb, kind).inc()

    def received(self, kind: str, size: int) -> None:
        """One answer to a read has this many bytes."""
        self._received.labels(kind).inc(size)

    def skipped(self, kind: str) -> None:
        """One object cannot be read."""
        self._skipped.labels(kind).inc()

    def calls(self) -> dict[tuple[str, str], int]:
        """Calls so far by (verb, kind): what the tests count."""
        return {
            (sample.labels["verb"], sample.labels["kind"]): int(sample.value)
            for family in self._calls.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }

    def watch_queue(
        self,
        depth: Callable[[], int],
        longest_unfinished_seconds: Callable[[], float],
        adds: Callable[[], int],
        retries: Callable[[], int],
    ) -> None:
        """Show the work queue's state whenever the page is read: keys waiting, and keys added and retried so far."""

        def collect() -> Iterator[Metric]:
            yield _gauge("workqueue_depth", "Keys waiting for a worker.", depth())
            yield _gauge(
                "workqueue_longest_unfinished_seconds",
                "How long the slowest reconcile has been running.",
                longest_unfinished_seconds(),
            )
            yield CounterMetricFamily(f"{PREFIX}_workqueue_adds", "Keys added.", value=adds())
            yield CounterMetricFamily(f"{PREFIX}_workqueue_retries", "Keys retried.", value=retries())

        self.registry.register(_Callback(collect))

    def watch_cache(self, sizes: Callable[[], dict[str, int]], readiness: Callable[[], Iterable[str]]) -> None:
        """Show how many objects are known, and how many bundles are Ready for which reason."""

        def collect() -> Iterator[Metric]:
            objects = GaugeMetricFamily(f"{PREFIX}_cached_objects", "Objects known by the watch.", labels=["kind"])
            for kind, size in sorted(sizes().items()):
                objects.add_metric([kind], size)
            yield objects
            bundles = GaugeMetricFamily(f"{PREFIX}_bundles", "ModelBundles by the reason of Ready.", labels=["reason"])
            for reason, count in sorted(Tally(readiness()).items()):
                bundles.add_metric([reason], count)
            yield bundles

        self.registry.register(_Callback(collect))

    def watch_leader(self, leading: Callable[[], bool], takeovers: Callable[[], int]) -> None:
        """Show whether this operator is the one that works, and how often it has begun to."""

        def collect() -> Iterator[Metric]:
            yield _gauge("leader", "1 for the operator that works, 0 for one that stands by.", leading())
            yield CounterMetricFamily(
                f"{PREFIX}_leader_takeovers", "How often this operator has begun to lead.", value=takeovers()
            )

        self.registry.register(_Callback(collect))

    def watch_resync(self, age: Callable[[], float], interval: float) -> None:
        """Show how long ago the cache was last compared with the API server, and how long that may be."""

        def collect() -> Iterator[Metric]:
            yield _gauge("resync_age_seconds", "Seconds since the last resync that went well.", age())
            yield _gauge("resync_interval_seconds", "Seconds between two resyncs.", interval)

        self.registry.register(_Callback(collect))

    def watch_troubles(
        self,
        refused: Callable[[], Mapping[str, int]],
        orphans: Callable[[], Mapping[str, int]],
        unlisted: Callable[[], Iterable[tuple[str, str]]],
    ) -> None:
        """Show how many objects each cause hinders, how many children of each kind have no owner, and which kinds and
        namespaces may not be listed."""

        def collect() -> Iterator[Metric]:
            hindered = GaugeMetricFamily(
                f"{PREFIX}_refused_objects", "Objects whose children cannot be written.", labels=["cause"]
            )
            for cause, count in sorted(refused().items()):
                hindered.add_metric([cause], count)
            yield hindered
            left = GaugeMetricFamily(f"{PREFIX}_orphans", "Children without an owner.", labels=["kind"])
            for kind, count in sorted(orphans().items()):
                left.add_metric([kind], count)
            yield left
            closed = GaugeMetricFamily(
                f"{PREFIX}_unlisted", "1 for each kind that may not be listed.", labels=["kind", "namespace"]
            )
            for kind, namespace in sorted(unlisted()):
                closed.add_metric([kind, namespace], 1)
            yield closed

        self.registry.register(_Callback(collect))

    def exposition(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self.registry)


class _Callback(Collector):
    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        return self._collect()

    def describe(self) -> list[Metric]:
        return []


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)
