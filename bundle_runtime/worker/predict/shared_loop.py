"""The event loop of the process: all that is awaited, while the bundle loads and while it predicts, runs on this one.

So what user code binds to a loop, a client, a lock, a task in the background, can be used by each request. While the
bundle loads the loop runs on the main thread whenever something is awaited. Then it runs all the time: on the main
thread where predict_fn is a coroutine function (coroutines.py), else on a thread of its own, once there is a need.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Tuple

from bundle_runtime.worker.user_errors import full, log

if TYPE_CHECKING:
    import asyncio

ELSEWHERE_SECONDS = 0.05  # between two looks at a loop that user code runs itself
FAILURES_MAX = 3  # of a loop that takes no turn between them


class SharedLoop:
    """asyncio is imported for the first coroutine: a sixteenth of a second that most bundles need not wait for."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making = threading.Lock()
        self._loaded = False
        self._started = False

    def get(self) -> asyncio.AbstractEventLoop:
        """The main thread's, with whatever user code has bound to it, or a new one."""
        with self._making:
            if self._loop is None or self._loop.is_closed():
                self._loop = _current_loop()
            return self._loop

    def loaded(self, serves_coroutines: bool) -> None:
        """On the main thread, after the bundle: from now on the loop runs all the time, if there is one."""
        awaited = self._loop is not None
        if awaited or serves_coroutines or "asyncio" in sys.modules:
            self.get()
        self._loaded = True
        if serves_coroutines:
            self._started = True
        elif awaited:
            self._start()

    def wait(self, awaitable: Any) -> Any:
        """On any other thread than the loop's: what the awaitable gives or raises."""
        import asyncio

        loop = self.get()
        if self._loaded:
            self._start()
        elif not loop.is_running():  # as it does where user code has given it a thread
            return loop.run_until_complete(_await(awaitable))
        done, value = asyncio.run_coroutine_threadsafe(_outcome(awaitable, os.getpid()), loop).result()
        if done:
            return value
        raise value

    def _start(self) -> None:
        loop = self.get()
        with self._making:
            if not self._started:
                self._started = True
                _leave_main_thread(loop)
                threading.Thread(target=_run, args=(loop,), name="modelbundle-loop", daemon=True).start()


def run_until(ended: Callable[[], bool], loop: asyncio.AbstractEventLoop) -> None:
    """Until ``ended``, after a stop(). A stop() of user code ends nothing, and what a task of it raises, SystemExit for
    example, ends that task alone. A loop that cannot go on, as when its descriptors are closed, raises what it does."""
    failures = 0

    def turn() -> None:
        nonlocal failures
        failures = 0

    while not ended():
        if loop.is_running():  # user code has given it a thread, where it serves as well
            time.sleep(ELSEWHERE_SECONDS)
            continue
        loop.call_soon(turn)
        try:
            loop.run_forever()
        except (KeyboardInterrupt, SystemExit) as error:
            log(f"worker: a task in the background raised: {full(error)}")
        except BaseException as error:  # of the loop itself, or of a signal's handler
            log(f"worker: the event loop raised: {full(error)}")
            failures += 1
            if failures == FAILURES_MAX:
                raise


def _run(loop: asyncio.AbstractEventLoop) -> None:
    import asyncio

    asyncio.set_event_loop(loop)
    try:
        run_until(lambda: False, loop)
    finally:
        os._exit(1)  # what waits for a coroutine would wait for good


def _current_loop() -> asyncio.AbstractEventLoop:
    import asyncio
    import warnings

    if threading.current_thread() is not threading.main_thread():
        return asyncio.new_event_loop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn that there was none yet
        try:
            loop = asyncio.get_event_loop_policy().get_event_loop()
        except RuntimeError:  # asyncio.run() has taken it away
            loop = asyncio.new_event_loop()
    if loop.is_closed() or loop.is_running():  # on a thread of user code: it is that one's
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def _leave_main_thread(loop: asyncio.AbstractEventLoop) -> None:
    """What runs a loop on the main thread from now on, as run_until_complete() of a plain function, needs another."""
    import asyncio

    if threading.current_thread() is threading.main_thread() and not loop.is_running():
        asyncio.set_event_loop(asyncio.new_event_loop())


async def _await(awaitable: Any) -> Any:
    return await awaitable


async def _outcome(awaitable: Any, process: int) -> Tuple[bool, Any]:
    """What a task raises of KeyboardInterrupt and SystemExit would end the loop."""
    outcome: Tuple[bool, Any]
    try:
        outcome = True, await awaitable
    except BaseException as error:
        outcome = False, error
    if os.getpid() != process:  # a child that it has forked: it would take the loop's events from the worker
        os._exit(0)
    return outcome


async def in_thread(function: Callable[..., None], *args: Any) -> None:
    """``function`` on a thread that is made for it: those that wait for slow clients must not keep out others. Raises
    what it does."""
    import asyncio
    import contextvars

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    context = contextvars.copy_context()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            context.run(function, *args)
        except BaseException as error:
            raised.append(error)
        finally:
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=run, name="modelbundle-stream", daemon=True).start()
    await ended.wait()
    for error in raised:
        raise error


def is_asynchronous(function: Any) -> bool:
    """Whether a call gives a coroutine or an asynchronous generator; also for objects whose __call__ does."""
    found = (function, getattr(type(function), "__call__", None))  # noqa: B004
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in found)


shared_loop = SharedLoop()
