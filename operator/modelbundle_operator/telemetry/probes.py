"""/healthz, /readyz and /metrics of the operator itself, on one port.

/healthz can fail, or it would be worth nothing: a process whose loop is stuck inside still answers TCP. It is about the
event loop, which has to answer it, and about the workers. The API server has no part in it: no new process brings it
back, and how old what is known of it may get is a metric.

Whoever reaches the port may open connections and ask for nothing. The newest ones are kept, so that a probe is answered
however many there are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from modelbundle_operator.telemetry.metrics import Metrics

Check = Callable[[], str | None]

MOST_CONNECTIONS = 128
IDLE_SECONDS = 15.0  # after an answer


@dataclass(frozen=True)
class Probes:
    """Each check says what is wrong, or None."""

    alive: tuple[Check, ...]
    ready: tuple[Check, ...]
    metrics: Metrics

    async def serve(self, port: int, host: str | None = None) -> web.ServerRunner:
        """Start to listen; the caller cleans the runner up."""
        server = _Newest(self._answer, access_log=None, keepalive_timeout=IDLE_SECONDS)
        runner = web.ServerRunner(server, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        return runner

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        checks = {"/healthz": self.alive, "/readyz": self.ready}.get(request.path)
        if request.method not in ("GET", "HEAD") or (checks is None and request.path != "/metrics"):
            return web.Response(status=404, text="there are /healthz, /readyz and /metrics")
        if checks is None:
            kind = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
            return web.Response(body=self.metrics.exposition(), headers=kind)
        wrong = [problem for check in checks if (problem := check()) is not None]
        return web.Response(status=503 if wrong else 200, text="\n".join(wrong) or "ok")


class _Newest(web.Server):
    """Closes its oldest connections where there are too many."""

    def __call__(self) -> web.RequestHandler:
        open_ones = self.connections  # the oldest comes first
        for oldest in open_ones[: max(0, len(open_ones) - MOST_CONNECTIONS + 1)]:
            oldest.force_close()
        return super().__call__()


def not_longer_than(what: str, seconds: Callable[[], float], limit: float) -> Check:
    """Fails once `seconds()` is over the limit."""

    def check() -> str | None:
        value = seconds()
        return f"{what}: {value:.0f} s, more than {limit:.0f} s" if value > limit else None

    return check
