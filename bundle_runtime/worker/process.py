"""The worker itself: check, load, then answer requests until the server says close."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import threading
import time
from typing import Any, NoReturn

from bundle_runtime.contract import allocator, warm_up, wire
from bundle_runtime.contract import document_loader as documents
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import RuntimeFailure, write_failure
from bundle_runtime.worker.connection.forked import leave_children
from bundle_runtime.worker.connection.link import EXIT_WAIT_SECONDS, Link
from bundle_runtime.worker.load import defaults, environment
from bundle_runtime.worker.load.load import load, loading_failed
from bundle_runtime.worker.loop import serving
from bundle_runtime.worker.predict.binder import schema_fields
from bundle_runtime.worker.predict.choose import predictor_for
from bundle_runtime.worker.predict.predictor import Predictor
from bundle_runtime.worker.user_errors import log

# a failure to load waits this long for the connection on which the server hears of it
CONNECT_WAIT_SECONDS = 1.0
END_SECONDS = EXIT_WAIT_SECONDS + 0.5  # the thread of the connection knows the exit code, where the server asked


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)  # what user code prints is in the log at once
    allocator.keep_freed_memory()
    layout = Layout.from_environment()
    threads = max(1, int(os.environ.get("MODELBUNDLE_MAX_CONCURRENCY") or 1))
    environment.clear_scratch()
    defaults.set_threads()
    defaults.set_caches()
    link = Link(
        layout.worker_socket,
        {
            "digest": os.environ.get(documents.DIGEST_VARIABLE, ""),
            "pid": os.getpid(),
            "python": platform.python_version(),
            "maxConcurrency": threads,
        },
    )
    link.heed_end_signal()
    link.on_end = lambda: os._exit(link.exit_code)  # nothing is loaded yet that could want a proper end
    leave_children(link)
    link.stall.limit_start(float(os.environ.get("MODELBUNDLE_STARTUP_SECONDS") or 0))
    link.start()
    seconds: dict[str, float] = {}
    try:
        predictor = _load(layout, seconds)
        _warm_up(predictor, link, seconds)
    except RuntimeFailure as failure:
        _fail(link, failure, seconds)
    except BaseException as error:  # of an attribute that is asked for, which may be code too
        _fail(link, loading_failed(error), seconds)
    if link.forked:  # the loading has returned in a child too
        os._exit(0)
    serve = serving(link, predictor, threads)
    link.announce(_ready(predictor, seconds))
    log(f"worker: loaded in {sum(seconds.values()):.3f} s ({_phases(seconds)})")
    serve()
    return link.exit_code


def _ready(predictor: Predictor, seconds: dict[str, float]) -> bytes:
    try:
        return wire.pack_json(wire.READY, seconds=seconds, maxBatch=predictor.max_batch, fields=predictor.fields)
    except wire.WireError:  # more names than it holds, thousands of them: the server does without
        return wire.pack_json(wire.READY, seconds=seconds, maxBatch=predictor.max_batch)


def _load(layout: Layout, seconds: dict[str, float]) -> Predictor:
    start = time.monotonic()
    document = documents.load_from_environment(layout)
    environment.check_python(document)
    environment.prepare_imports(layout, document)
    seconds["check"] = time.monotonic() - start
    return predictor_for(load(layout, document, seconds), schema_fields(document.get("requestSchema")))


def _warm_up(predictor: Predictor, link: Link, seconds: dict[str, float]) -> None:
    text = os.environ.get(warm_up.VARIABLE)
    if not text:
        return
    from bundle_runtime.worker.load.warm_up import warm_up as predict_once

    start = time.monotonic()
    try:
        predict_once(predictor, text, link)
    finally:
        seconds["warmUp"] = time.monotonic() - start


def _fail(link: Link, failure: RuntimeFailure, seconds: dict[str, float]) -> NoReturn:
    try:
        if not link.forked:  # else a child that user code has forked has failed, and no load
            _report(link, failure, seconds)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):  # user code may have put something else there
                stream.flush()
    finally:
        os._exit(1)  # a thread that user code left behind must not keep a failed worker alive


def end_soon() -> None:
    """An interpreter that ends waits for the threads of user code: not for good."""
    threading.Thread(target=_end_late, name="modelbundle-end", daemon=True).start()


def _end_late() -> None:
    time.sleep(END_SECONDS)
    os._exit(1)


def _report(link: Link, failure: RuntimeFailure, seconds: dict[str, float]) -> None:
    write_failure(failure, seconds, python=platform.python_version())
    most = 4000 if (failure.brief + failure.traceback).isascii() else 2500  # a character may be 12 bytes of the frame
    frame: dict[str, Any] = {"reason": failure.reason, "message": failure.brief[:most]}
    if failure.traceback:
        frame["traceback"] = failure.traceback[:most]
    link.connected.wait(CONNECT_WAIT_SECONDS)
    link.announce(wire.pack_json(wire.FAILED, **frame))


def _phases(seconds: dict[str, float]) -> str:
    return ", ".join(f"{phase} {value:.3f}" for phase, value in seconds.items())
