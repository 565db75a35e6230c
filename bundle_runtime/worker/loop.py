"""The worker's loop: takes what the server asks, has it answered, and sends the frames of the answer.

With one request at a time user code runs on the main thread, where signal handlers, CUDA and GUI-minded libraries
expect to be; with more it runs on as many threads. Coroutine functions run on the main thread, many at a time
(coroutines.py).
"""

from __future__ import annotations

import os
import queue
import threading
from functools import partial
from typing import Callable

from bundle_runtime.worker.answers import framed, of_frame, say_failed
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.connection.stall import Threads
from bundle_runtime.worker.predict.predictor import Predictor
from bundle_runtime.worker.predict.shared_loop import shared_loop
from bundle_runtime.worker.predict.steps import finish
from bundle_runtime.worker.user_errors import full, log


def serving(link: Link, predictor: Predictor, concurrency: int) -> Callable[[], None]:
    """What serves until the server says close. Before the server hears that the bundle is loaded."""
    shared_loop.loaded(serves_coroutines=predictor.asynchronous)
    if predictor.asynchronous:
        from bundle_runtime.worker.coroutines import Coroutines  # and asyncio

        return Coroutines(link, predictor, concurrency).run
    link.on_end = lambda: link.end_requests(concurrency)
    threads = Threads(link.stall, concurrency, serve.__code__)
    if concurrency == 1:
        return partial(_undisturbed, partial(serve, link, predictor, threads), link.queue_again)
    return partial(_serve_on_threads, link, predictor, threads, concurrency)


def _serve_on_threads(link: Link, predictor: Predictor, threads: Threads, count: int) -> None:
    ended: queue.SimpleQueue[None] = queue.SimpleQueue()  # a join() that is interrupted takes the thread for ended

    def run(own: Predictor) -> None:
        try:
            _undisturbed(partial(serve, link, own, threads), link.queue_again)
        finally:
            ended.put(None)

    for number in range(count):
        own = predictor.for_thread()
        threading.Thread(target=run, args=(own,), name=f"predict-{number}", daemon=True).start()
    for _ in range(count):
        _undisturbed(ended.get, lambda: None)


def _undisturbed(serves: Callable[[], None], again: Callable[[], None]) -> None:
    """Until it returns. What a handler of user code raises on the main thread while no request is there, as the alarm
    of one that is long answered does, or a watchdog on a thread that has answered, is nobody's: it is in the log, and
    the next request is answered. ``again`` is called after it: a request that was about to be taken is not lost."""
    disturbed = False
    while True:
        try:
            if disturbed:
                again()
                disturbed = False
            serves()
        except BaseException as error:
            disturbed = True
            log(f"worker: raised between two requests: {full(error)}")
        else:
            return


def serve(link: Link, predictor: Predictor, threads: Threads) -> None:
    """On one thread, until close: the queue's None."""
    watch = predictor.watch
    threads.add(watch)
    get, take, answer = link.requests.get, link.take, predictor.answer
    while True:
        item = get()
        if item is None:
            return
        connection, id = item
        request = None
        try:
            request = take(connection, id)
            if request is None:  # cancelled
                continue
            watch.start()
            if type(request) is bytes:
                answered = framed(watch, id, answer(request))
            else:
                answered = finish(of_frame(predictor, request))  # type: ignore[arg-type]
            if link.forked:  # the function has returned in a child too
                os._exit(0)
            if type(answered) is bytes:
                connection.send(answered)
            else:
                answered.run(link, connection, id)  # type: ignore[union-attr]
        # the server checks what it sends: a bug of ours is this request's end, no other's
        except BaseException as error:
            say_failed(connection, request, id, error)
