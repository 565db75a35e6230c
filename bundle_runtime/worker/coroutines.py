"""Serves a predict_fn that is a coroutine function: its coroutines run on the event loop of the main thread.

As many as ``maxConcurrency`` run at once. The loop runs between requests too, so what they start in the background goes
on. A request whose client has gone, or whose time is over, is cancelled as a task of asyncio is.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
from collections import deque
from functools import partial
from typing import Any, Deque, Tuple

from bundle_runtime.contract import wire
from bundle_runtime.worker.answers import failed, framed, of_frame, say_failed
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.failures import Failed, failure_of
from bundle_runtime.worker.predict.predictor import Predictor
from bundle_runtime.worker.predict.shared_loop import run_until, shared_loop

Key = Tuple[Connection, int]


class Coroutines:
    """``link.requests`` is this from now on. All but put(), cancel() and the marks happens on the loop."""

    def __init__(self, link: Link, predictor: Predictor, concurrency: int) -> None:
        self._link = link
        self._predictor = predictor
        self._concurrency = concurrency
        self._loop = shared_loop.get()
        self._context = contextvars.copy_context()  # of the thread that has loaded the bundle
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._cancelled: set[Key] = set()
        self._waiting: Deque[Key] = deque()
        self._ended = 0
        self._turns = 0  # of the loop: one that is blocked takes none
        self._closing = False
        link.requests = self
        link.cancel = self.cancel
        link.on_end = partial(self.put, None)

    def run(self) -> None:
        """Until the server says close; then whatever runs on is cancelled."""
        self._link.stall.start(self._marks, lambda: False)
        run_until(lambda: self._closing, self._loop)
        for last in (_cancel_all, self._loop.shutdown_asyncgens):
            with contextlib.suppress(BaseException):
                self._loop.run_until_complete(last())

    def put(self, item: Key | None) -> None:
        """From the link's thread: a request, or None at the end."""
        if item is not None:
            self._loop.call_soon_threadsafe(self._admit, item, context=self._context)
        elif not self._closing:
            self._closing = True
            self._loop.call_soon_threadsafe(self._loop.stop)

    def cancel(self, key: Key | None) -> None:
        """From the link's thread: nobody waits for this request any more, or for all (None)."""
        self._loop.call_soon_threadsafe(self._cancel, key)

    def _cancel(self, key: Key | None) -> None:
        for found in list(self._tasks) if key is None else [key]:
            task = self._tasks.get(found)
            if task is not None and found not in self._cancelled:
                self._cancelled.add(found)
                task.cancel()

    def _admit(self, key: Key) -> None:
        if len(self._tasks) >= self._concurrency:
            self._waiting.append(key)
        else:
            self._begin(key)

    def _begin(self, key: Key) -> None:
        request = self._link.take(*key)
        if request is None:  # cancelled
            return
        coroutine = self._answer(key, request)
        try:
            task = self._tasks[key] = self._loop.create_task(coroutine)
        except BaseException as error:  # of a task factory that user code has set
            coroutine.close()
            say_failed(key[0], request, key[1], error)
        else:
            task.add_done_callback(partial(self._end, key, request))

    def _end(self, key: Key, request: bytes | wire.Frame, task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        self._ended += 1
        if task.cancelled():
            connection, id = key
            asked = key in self._cancelled or self._closing  # else user code cancelled it, before it began
            failure = Failed(wire.CANCELLED, "cancelled") if asked else failure_of(asyncio.CancelledError())
            connection.send(failed(request, id, failure))
        elif (error := task.exception()) is not None:  # raised as it was to be answered
            say_failed(key[0], request, key[1], error)
        self._cancelled.discard(key)
        while self._waiting and len(self._tasks) < self._concurrency:
            self._begin(self._waiting.popleft())

    async def _answer(self, key: Key, request: bytes | wire.Frame) -> None:
        connection, id = key
        predictor = self._predictor.for_coroutine()
        predictor.watch.start()
        answered: Any
        try:
            if isinstance(request, bytes):
                answered = framed(predictor.watch, id, await predictor.answer_any(request))
            else:
                answered = await of_frame(predictor, request)
            if self._link.forked:  # the function has returned in a child too
                os._exit(0)
            if type(answered) is bytes:
                connection.send(answered)
            else:
                await answered.run_on_loop(self._link, connection, id)
        except asyncio.CancelledError as error:
            if key in self._cancelled or self._closing:
                raise
            connection.send(failed(request, id, failure_of(error)))  # user code cancelled it
        except BaseException as error:
            say_failed(connection, request, id, error)

    def _marks(self) -> tuple[int, ...]:
        """What changes while one more could begin: there is a place, and the loop takes its turns."""
        self._loop.call_soon_threadsafe(self._turn)
        running = len(self._tasks)
        return self._ended, running, self._turns if running < self._concurrency else 0

    def _turn(self) -> None:
        self._turns += 1


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
