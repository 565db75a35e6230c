"""The worker's loop: takes what the server asks, has it answered, and sends the frames of the answer.

With one request at a time user code runs on the main thread, where signal handlers, CUDA and GUI-minded libraries
expect to be; with more it runs on as many threads.
"""

from __future__ import annotations

import os
import threading

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.failures import Failed, too_large, unreadable
from bundle_runtime.worker.predict.predictor import Answer, Predictor
from bundle_runtime.worker.predict.streaming import Stream
from bundle_runtime.worker.timing import Stopwatch


def run(link: Link, predictor: Predictor, threads: int) -> None:
    """Until the server says close."""
    link.stall.start(threads, serve.__code__)
    if threads == 1:
        serve(link, predictor)
        return
    running = [
        threading.Thread(target=serve, args=(link, predictor.for_thread()), name=f"predict-{number}", daemon=True)
        for number in range(threads)
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def serve(link: Link, predictor: Predictor) -> None:
    """On one thread, until close: the queue's None."""
    watch = predictor.watch
    link.stall.add_thread(watch)
    get, take, answer = link.requests.get, link.take, predictor.answer
    while True:
        item = get()
        if item is None:
            return
        connection, id = item
        request = take(connection, id)
        if request is None:  # cancelled
            continue
        try:
            if type(request) is bytes:
                watch.start()
                answered = _framed(watch, id, answer(request))
            else:
                answered = _answer_frame(predictor, request)  # type: ignore[arg-type]
            if link.forked:  # the function has returned in a child too
                os._exit(0)
            if type(answered) is bytes:
                connection.send(answered)
            else:
                answered.run(link, connection, id)  # type: ignore[union-attr]
        # the server checks what it sends: a bug of ours is this request's end, no other's
        except BaseException as error:
            asked = request.id if isinstance(request, wire.Frame) else id
            connection.send(wire.pack(wire.ERROR, asked, unreadable(error).payload))


def _answer_frame(predictor: Predictor, frame: wire.Frame) -> bytes | Stream:
    """For a CALL, or for a BATCH: all frames that answer it, one after the other."""
    watch = predictor.watch
    watch.start()
    if frame.kind == wire.BATCH:
        requests = dict(wire.unpack_batch(frame))
        answers = predictor.answer_batch(list(requests.values()))
        phases = watch.phases()
        return b"".join(wire.pack(kind, id, payload, phases) for id, (kind, payload) in zip(requests, answers))
    from bundle_runtime.worker.predict import calls  # only when the first one comes

    try:
        return _framed(watch, frame.id, calls.run(predictor, frame.payload))
    except Failed as failed:
        return _framed(watch, frame.id, (wire.ERROR, failed.payload))


def _framed(watch: Stopwatch, id: int, answer: Answer | Stream) -> bytes | Stream:
    """The whole frame; a stream sends its own."""
    if type(answer) is not tuple:
        return answer  # type: ignore[return-value]
    kind, payload = answer
    if len(payload) > wire.MAX_BODY:
        kind, payload = wire.ERROR, too_large(len(payload)).payload
    return wire.pack_header(kind, id, len(payload), watch.phases()) + payload
