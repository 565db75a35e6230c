"""A prediction that comes item by item: what predict_fn yields, sync or async, sent as it comes.

The worker may send as many bytes as the server has given it credit for, so a client that reads slowly slows the
function down and fills no memory. A client that leaves ends the generator at its next yield, or where it awaits.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, AsyncGenerator, Callable, Iterator

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.flow import Flow
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.connection.outbox import Outbox
from bundle_runtime.worker.failures import Failed, failure_of, failure_of_coroutine
from bundle_runtime.worker.predict.shared_loop import in_thread, shared_loop
from bundle_runtime.worker.predict.trace import traced
from bundle_runtime.worker.timing import Stopwatch
from bundle_runtime.worker.user_errors import full, log

if TYPE_CHECKING:
    import asyncio


class Stream:
    """What predict_fn returned instead of a result; the rest is of the predictor that called it."""

    def __init__(self, items: Any, watch: Stopwatch, encoded: Callable[[Any], bytes], on_loop: bool) -> None:
        self._items = items
        self._watch = watch
        self._encoded = encoded
        self._on_loop = on_loop  # whoever asks for it is a coroutine on the event loop
        self._awaited = hasattr(items, "__anext__")
        self.trace: dict[str, str] | None = None  # of the request

    def run(self, link: Link, connection: Connection, id: int) -> None:
        """Until the last item has been sent, or nobody wants any more."""
        if self._awaited:
            shared_loop.wait(self._send_awaited(link, connection, id))
        else:
            self._send(link, connection, id)

    async def run_on_loop(self, link: Link, connection: Connection, id: int) -> None:
        """run() for a coroutine. An iterator that is not awaited may block, and gets a thread."""
        if self._awaited:
            await self._send_awaited(link, connection, id)
        else:
            await in_thread(self._send, link, connection, id)

    async def as_list(self) -> list[Any]:
        """All items at once."""
        if not self._awaited:
            return list(self._each())
        return await self._all() if self._on_loop else shared_loop.wait(self._all())

    async def _all(self) -> list[Any]:
        return [item async for item in self._each_awaited()]

    def _send(self, link: Link, connection: Connection, id: int) -> None:
        sending = _Sending(link, connection, id, self._watch)
        try:
            with traced(self.trace):
                for item in self._each(sending.flow):
                    text = self._encoded(item)
                    if sending.must_wait():
                        sending.flow.wait()
                        self._watch.resume()
                    if not sending.put(text):
                        break
        except Failed as failed:
            sending.failed = failed
        except BaseException as error:  # of a signal's handler, while a slow client is waited for
            sending.failed = failure_of(error)
        finally:
            sending.end()

    async def _send_awaited(self, link: Link, connection: Connection, id: int) -> None:
        import asyncio

        sending = _Sending(link, connection, id, self._watch)
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        sending.flow.ends_with(partial(loop.call_soon_threadsafe, _stop, sending.flow, task))
        items = self._each_awaited(sending.flow)
        try:
            with traced(self.trace):
                async for item in items:
                    text = self._encoded(item)
                    if sending.must_wait():
                        await sending.flow.wait_on(loop)
                        self._watch.resume()
                    if not sending.put(text):
                        break
                    await asyncio.sleep(0)  # a generator that never waits must not keep the others waiting
        except Failed as failed:
            sending.failed = failed
        except BaseException as error:  # CancelledError is the stream's own end where its client has left
            if not sending.flow.cancelled:
                sending.failed = failure_of(error)
        finally:
            try:
                await items.aclose()
            finally:
                sending.end()

    def _each(self, flow: Flow | None = None) -> Iterator[Any]:
        """Each item; Failed when user code raised. The generator is closed, whatever happens."""
        try:
            steps = iter(self._items)
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
                    raise failure_of(error) from None
                finally:
                    self._watch.leave()
                yield item
        finally:
            try:
                close = getattr(steps, "close", None)
                if callable(close):
                    close()
            except BaseException as error:  # what cleans up badly has still given its items
                log(full(error))

    async def _each_awaited(self, flow: Flow | None = None) -> AsyncGenerator[Any, None]:
        """The same for an asynchronous one."""
        try:
            while flow is None or not flow.cancelled:
                self._watch.enter()
                try:
                    item = await self._items.__anext__()
                except StopAsyncIteration:
                    return
                except BaseException as error:
                    if flow is not None and flow.cancelled:
                        return
                    raise failure_of_coroutine(error) from None
                finally:
                    self._watch.leave()
                yield item
        finally:
            if flow is not None:
                flow.closing = True
            try:
                close = getattr(self._items, "aclose", None)
                if callable(close):
                    await close()
            except BaseException as error:
                log(full(error))


def _stop(flow: Flow, task: asyncio.Task[Any]) -> None:
    if not flow.closing:
        task.cancel()


class _Sending:
    """What one stream has sent, and whether it may go on."""

    def __init__(self, link: Link, connection: Connection, id: int, watch: Stopwatch) -> None:
        self.flow = link.flow(connection, id)
        self._link = link
        self.failed: Failed | None = None
        self._forget = partial(link.forget_flow, connection, id)
        self._id = id
        self._watch = watch
        self._outbox = Outbox(connection, id, watch)

    def must_wait(self) -> bool:
        """All credit is spent: all is sent, and the stopwatch stands still until resume()."""
        if not self.flow.spent:
            return False
        self._outbox.flush()
        self._watch.pause()
        return True

    def put(self, text: bytes) -> bool:
        """False when nobody wants it any more."""
        if self._link.forked:  # the generator goes on in a child too
            os._exit(0)
        if self.flow.cancelled:
            return False
        self.flow.take(text)
        self._outbox.put(text)
        return True

    def end(self) -> None:
        """The last frame."""
        if self._link.forked:
            os._exit(0)
        self._forget()
        kind, payload = (wire.ERROR, self.failed.payload) if self.failed else (wire.END, b"")
        if self.flow.cancelled:
            kind, payload = wire.ERROR, Failed(wire.CANCELLED, "cancelled").payload
        self._outbox.end(wire.pack(kind, self._id, payload, self._watch.phases()), drop=self.flow.cancelled)


def is_stream(result: Any) -> bool:
    return hasattr(type(result), "__next__") or hasattr(type(result), "__anext__")
