"""A prediction that comes item by item: what predict_fn yields, sync or async, sent as it comes.

The worker may send as many bytes as the server has given it credit for, so a client that reads slowly slows the
function down and fills no memory. A client that leaves ends the generator at its next yield, or where it awaits.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Iterator

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.outbox import Outbox
from bundle_runtime.worker.predict.trace import traced
from bundle_runtime.worker.user_errors import full, log

if TYPE_CHECKING:
    import asyncio

    from bundle_runtime.worker.connection.link import Connection, Link
    from bundle_runtime.worker.predict.predictor import Predictor


class Flow:
    """What the server has said about one stream; written by the link's thread, read by the one that predicts."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._given = wire.WINDOW  # of the link's thread
        self.taken = 0  # of the other one: neither needs a lock for its own
        self.cancelled = False
        self.on_cancel: Callable[[], None] = lambda: None

    def add(self, credit: int) -> None:
        with self._changed:
            self._given += credit
            self._changed.notify()

    def cancel(self) -> None:
        with self._changed:
            self.cancelled = True
            self._changed.notify()
            self.on_cancel()

    @property
    def spent(self) -> bool:
        """There is no credit: wait()."""
        return self.taken >= self._given

    def take(self, text: bytes) -> None:
        """For one item; the last one may overdraw."""
        self.taken += len(text) + wire.HEADER_SIZE

    def wait(self) -> None:
        """Until there is any credit, or the stream is cancelled."""
        with self._changed:
            while self.spent and not self.cancelled:
                self._changed.wait()

    def ends_with(self, cancel: Callable[[], None]) -> None:
        """``cancel`` is called once the stream is cancelled; at once when it is already."""
        with self._changed:
            self.on_cancel = cancel
            if self.cancelled:
                cancel()


class Stream:
    """What predict_fn returned instead of a result."""

    def __init__(self, predictor: Predictor, items: Any, trace: Any = None) -> None:
        self._predictor = predictor
        self._items = items
        self.trace = trace

    def run(self, link: Link, connection: Connection, id: int) -> None:
        """Until the last item has been sent, or nobody wants any more."""
        from bundle_runtime.worker.predict.predictor import Failed

        flow = link.flow(connection, id)
        watch = self._predictor.watch
        outbox = Outbox(connection, id, watch)
        kind, payload = wire.END, b""
        try:
            with traced(self.trace):
                for item in self.items(flow):
                    text = self._predictor.encoded(item)
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
        from bundle_runtime.worker.predict.predictor import failure_of

        try:
            asynchronous = hasattr(self._items, "__anext__")
            steps = self._awaited(flow) if asynchronous else iter(self._items)
        except BaseException as error:
            raise failure_of(error) from None
        try:
            while flow is None or not flow.cancelled:
                self._predictor.watch.enter()
                try:
                    item = next(steps)
                except StopIteration:
                    return
                except BaseException as error:  # SystemExit too, as in a call
                    if flow is not None and flow.cancelled:
                        return
                    raise failure_of(error) from None
                finally:
                    self._predictor.watch.leave()
                yield item
        finally:
            self._close(steps)

    def _awaited(self, flow: Flow | None) -> Iterator[Any]:
        import asyncio

        loop = self._predictor.event_loop()
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
