"""A prediction that comes item by item: what predict_fn yields, sync or async, sent as it comes.

The worker may send as many bytes as the server has given it credit for, so a client that reads slowly slows the
function down and fills no memory. A client that leaves ends the generator at its next yield, or where it awaits.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Iterator

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.flow import Flow
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.connection.outbox import Outbox
from bundle_runtime.worker.failures import Failed, failure_of
from bundle_runtime.worker.predict.trace import traced
from bundle_runtime.worker.timing import Stopwatch
from bundle_runtime.worker.user_errors import full, log

if TYPE_CHECKING:
    import asyncio


class Stream:
    """What predict_fn returned instead of a result; the rest is of the predictor that called it."""

    def __init__(
        self,
        items: Any,
        watch: Stopwatch,
        encoded: Callable[[Any], bytes],
        event_loop: Callable[[], asyncio.AbstractEventLoop],
    ) -> None:
        self._items = items
        self._watch = watch
        self._encoded = encoded
        self._event_loop = event_loop
        self.trace: dict[str, str] | None = None  # of the request

    def run(self, link: Link, connection: Connection, id: int) -> None:
        """Until the last item has been sent, or nobody wants any more."""
        flow = link.flow(connection, id)
        watch = self._watch
        outbox = Outbox(connection, id, watch)
        kind, payload = wire.END, b""
        try:
            with traced(self.trace):
                for item in self.items(flow):
                    text = self._encoded(item)
                    if flow.spent:
                        outbox.flush()
                        watch.pause()
                        flow.wait()
                        watch.resume()
                    if flow.cancelled:
                        break
                    flow.take(text)
                    outbox.put(text)
        except Failed as failed:
            kind, payload = wire.ERROR, failed.payload
        finally:
            link.forget_flow(connection, id)
        if flow.cancelled:
            kind, payload = wire.ERROR, Failed(wire.CANCELLED, "cancelled").payload
        outbox.end(wire.pack(kind, id, payload, watch.phases()), drop=flow.cancelled)

    def items(self, flow: Flow | None = None) -> Iterator[Any]:
        """Each item; Failed when user code raised. The generator is closed, whatever happens."""
        try:
            asynchronous = hasattr(self._items, "__anext__")
            steps = self._awaited(flow) if asynchronous else iter(self._items)
        except BaseException as error:
            raise failure_of(error) from None
        try:
            while flow is None or not flow.cancelled:
                self._watch.enter()
                try:
                    item = next(steps)
                except StopIteration:
                    return
                except BaseException as error:  # SystemExit too, as in a call
                    if flow is not None and flow.cancelled:
                        return
                    raise failure_of(error) from None
                finally:
                    self._watch.leave()
                yield item
        finally:
            self._close(steps)

    def _awaited(self, flow: Flow | None) -> Iterator[Any]:
        import asyncio

        loop = self._event_loop()
        try:
            while True:
                task = asyncio.ensure_future(self._items.__anext__(), loop=loop)
                if flow is not None:
                    flow.ends_with(partial(_cancel, loop, task))
                try:
                    item = loop.run_until_complete(task)
                except StopAsyncIteration:
                    return
                yield item
        finally:
            if hasattr(self._items, "aclose"):
                loop.run_until_complete(self._items.aclose())

    def _close(self, steps: Any) -> None:
        try:
            close = getattr(steps, "close", None)
            if callable(close):
                close()
        except BaseException as error:  # what cleans up badly has still given its items
            log(full(error))


def _cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Future[Any]) -> None:
    loop.call_soon_threadsafe(task.cancel)


def is_stream(result: Any) -> bool:
    return hasattr(type(result), "__next__") or hasattr(type(result), "__anext__")
