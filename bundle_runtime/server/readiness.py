"""Whether this pod takes requests, and if not why: for probes, and for each prediction before its body is looked at."""

from __future__ import annotations

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.lifecycle import FINISHING, SERVING, Lifecycle
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.worker.link import WorkerLink

ALL_PLACES_HELD = "every place of the worker is held by a request that is past its deadline"

Reason = tuple[str, str]  # error code and message


class Readiness:
    """Judged by the lifecycle, the worker, and the requests that wait for it."""

    def __init__(self, lifecycle: Lifecycle, dispatcher: Dispatcher, link: WorkerLink, timeout_seconds: float) -> None:
        self._lifecycle = lifecycle
        self._dispatcher = dispatcher
        self._link = link
        self._timeout = timeout_seconds

    def not_ready(self) -> Reason | None:
        """None when this pod takes requests."""
        if self._lifecycle.stage is not SERVING:
            return "Draining", "this server is going away"
        if self._dispatcher.is_held(self._timeout):
            return "WorkerStalled", ALL_PLACES_HELD
        if not self._link.loaded:
            return "NotReady", self.why_no_worker()
        return None

    def why_no_worker(self) -> str:
        """In words."""
        failure = self._link.failure
        if failure is not None:
            return f"the worker failed: {failure['reason']}: {failure['message']}"
        return "no worker has loaded the bundle yet"

    def refusal(self, exchange: Exchange, *, begun: bool = False) -> Reason | None:
        """None when the prediction that the exchange asks for may be sent to the worker, or wait for it; ``begun``:
        it was taken before, as a server that goes away finishes what it has."""
        dispatcher = self._dispatcher
        if self._lifecycle.stage >= FINISHING and not begun and not exchange.connection.keepalive_announced:
            return "Draining", "this server is going away: send the request again, another one takes it"
        if not dispatcher.has_worker and not self.expects_worker():
            return "NotReady", self.why_no_worker()
        if dispatcher.is_held(self._timeout):  # it would wait behind some that are too late already
            return "WorkerStalled", ALL_PLACES_HELD
        if dispatcher.full():
            return "QueueFull", "as many requests wait as may: send it again later"
        return None

    def expects_worker(self) -> bool:
        """There is no worker, and one may be back in a moment; in a pod that goes away none is started again."""
        return self._link.returning and self._lifecycle.stage is SERVING
