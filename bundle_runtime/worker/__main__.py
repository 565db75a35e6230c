"""The worker container's command: check, load, then answer requests until the server says close.

With one request at a time user code runs on the main thread, where signal handlers, CUDA and GUI-minded libraries
expect to be; with more it runs on as many threads.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from typing import Any, NoReturn

from bundle_runtime.contract import allocator, wire
from bundle_runtime.contract import document_loader as documents
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import RuntimeFailure, write_failure
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.load import environment
from bundle_runtime.worker.load.load import load
from bundle_runtime.worker.predict.binder import schema_fields
from bundle_runtime.worker.predict.predictor import Predictor, unreadable

# the server is up before the worker starts; a failure waits this long to be told to it
TELL_SECONDS = 1.0


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)  # what user code prints is in the log at once
    allocator.keep_freed_memory()
    layout = Layout.from_environment()
    threads = max(1, int(os.environ.get("MODELBUNDLE_MAX_CONCURRENCY") or 1))
    environment.clear_scratch()
    link = Link(
        layout.worker_socket,
        {
            "digest": os.environ.get(documents.DIGEST_VARIABLE, ""),
            "pid": os.getpid(),
            "python": platform.python_version(),
            "maxConcurrency": threads,
        },
    )
    link.heed_sigterm()
    link.on_end = lambda: os._exit(link.exit_code)  # nothing is loaded yet that could want a proper end
    link.start()
    seconds: dict[str, float] = {}
    try:
        predictor = _load(layout, seconds)
    except RuntimeFailure as failure:
        _fail(link, failure, seconds)
    link.heed_sigterm()  # user code may have set its own while it loaded
    link.on_end = lambda: link.end_requests(threads)
    link.say(wire.pack_json(wire.READY, seconds=seconds, maxBatch=predictor.max_batch, fields=predictor.fields))
    print(f"worker: loaded in {sum(seconds.values()):.3f} s ({_phases(seconds)})", file=sys.stderr, flush=True)
    link.stall.begins(threads, serve.__code__)
    if threads == 1:
        serve(link, predictor)
    else:
        _serve_on_threads(link, predictor, threads)
    return link.exit_code


def _load(layout: Layout, seconds: dict[str, float]) -> Predictor:
    start = time.monotonic()
    document = documents.load_from_environment(layout)
    environment.check_python(document)
    environment.prepare_imports(layout, document)
    seconds["check"] = time.monotonic() - start
    return Predictor(load(layout, document, seconds), schema_fields(document.get("requestSchema")))


def serve(link: Link, predictor: Predictor) -> None:
    """Until close: the queue's None."""
    link.stall.serves(predictor.watch)
    take = link.take
    answer, answer_frame = predictor.answer, predictor.answer_frame
    get = link.requests.get
    while True:
        item = get()
        if item is None:
            return
        connection, id = item
        payload = take(connection, id)
        if payload is None:  # cancelled, or only to wake this thread
            if threading.current_thread() is threading.main_thread():
                link.heed_sigterm()
            continue
        try:
            answered = answer(id, payload) if type(payload) is bytes else answer_frame(payload)  # type: ignore[arg-type]
            if type(answered) is bytes:
                connection.send(answered)
            else:
                answered.run(link, connection, id)  # type: ignore[union-attr]
        # the server checks what it sends: a bug of ours is this request's end, no other's
        except BaseException as error:
            connection.send(unreadable(payload.id if isinstance(payload, wire.Frame) else id, error))


def _serve_on_threads(link: Link, predictor: Predictor, count: int) -> None:
    threads = [
        threading.Thread(target=serve, args=(link, predictor.for_thread()), name=f"predict-{number}", daemon=True)
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _fail(link: Link, failure: RuntimeFailure, seconds: dict[str, float]) -> NoReturn:
    write_failure(failure, seconds, python=platform.python_version())
    frame: dict[str, Any] = {"reason": failure.reason, "message": failure.message[:4000]}
    link.connected.wait(TELL_SECONDS)
    link.say(wire.pack_json(wire.FAILED, **frame))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)  # a thread that user code left behind must not keep a failed worker alive


def _phases(seconds: dict[str, float]) -> str:
    return ", ".join(f"{phase} {value:.3f}" for phase, value in seconds.items())


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
