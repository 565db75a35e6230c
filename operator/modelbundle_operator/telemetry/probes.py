"""/healthz, /readyz and /metrics of the operator itself, on one port.

/healthz can fail, or it would be worth nothing: a process whose loop is stuck inside still answers TCP. It is about the
event loop, which has to answer it, and about the workers. The API server has no part in it: no new process brings it
back, and how old what is known of it may get is a metric.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from modelbundle_operator.telemetry.metrics import Metrics

Check = Callable[[], str | None]


@dataclass(frozen=True)
class Probes:
    """Each check says what is wrong, or None."""

    alive: tuple[Check, ...]
    ready: tuple[Check, ...]
    metrics: Metrics

    def application(self) -> web.Application:
        """The three routes."""
        application = web.Application()
        application.router.add_get("/healthz", _answers(self.alive))
        application.router.add_get("/readyz", _answers(self.ready))
        application.router.add_get("/metrics", self._metrics)
        return application

    async def serve(self, port: int, host: str | None = None) -> web.AppRunner:
        """Start to listen; the caller cleans the runner up."""
        runner = web.AppRunner(self.application(), access_log=None, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        return runner

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self.metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )


def not_longer_than(what: str, seconds: Callable[[], float], limit: float) -> Check:
    """Fails once `seconds()` is over the limit."""

    def check() -> str | None:
        value = seconds()
        return f"{what}: {value:.0f} s, more than {limit:.0f} s" if value > limit else None

    return check


def _answers(checks: tuple[Check, ...]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(_: web.Request) -> web.Response:
        wrong = [problem for check in checks if (problem := check()) is not None]
        return web.Response(status=503 if wrong else 200, text="\n".join(wrong) or "ok")

    return handler
