"""The process that serves: read the document, listen for the worker, for clients and for the preStop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import partial

import jsonschema_rs
import uvloop

from bundle_runtime.contract import allocator
from bundle_runtime.contract import document_loader as documents
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import Report, RuntimeFailure, write, write_failure
from bundle_runtime.server import garbage
from bundle_runtime.server.container import memory_limit, raise_open_files
from bundle_runtime.server.cross_origin import CrossOrigin
from bundle_runtime.server.drain import Drain
from bundle_runtime.server.http.connection import HttpConnection
from bundle_runtime.server.http.handler import Handler
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.listeners import BACKLOG, PROBE_BACKLOG, Listeners
from bundle_runtime.server.local_only import LocalOnly
from bundle_runtime.server.observe.choose import observers
from bundle_runtime.server.observe.connection import ObservedConnection
from bundle_runtime.server.observe.observer import ObservedServer
from bundle_runtime.server.probes import Probes
from bundle_runtime.server.server import Server

QUEUE_PER_PLACE = 10  # requests that may wait however long it takes, for each that the worker runs at once
CONNECTIONS_CLOSE_SECONDS = 2.0


async def serve(
    options: argparse.Namespace,
    layout: Layout,
    document: Mapping[str, object],
    digest: str,
    listeners: Listeners,
    restarts: int,
) -> None:
    """Until a signal has drained the server. ValueError when the bundle's schemas cannot be used."""
    loop = asyncio.get_running_loop()
    server = Server(
        loop,
        document,
        digest,
        max_concurrency=options.max_concurrency,
        queue_limit=QUEUE_PER_PLACE * options.max_concurrency,
        timeout_seconds=options.request_timeout_seconds,
        stall_seconds=options.worker_stall_seconds,
        name=options.name,
        limits=Limits(options.max_request_bytes, options.idle_seconds, memory_limit(), raise_open_files()),
        restarts=restarts,
        tracebacks=options.tracebacks,
    )
    drain = Drain(server, options.drain_seconds)
    workers = await server.link.listen(layout.worker_socket)
    drains = await drain.listen(layout.drain_socket)
    handler: Handler = server
    origins = options.cors_origins.split(",") if options.cors_origins else []
    if origins:
        handler = CrossOrigin(server, origins)
    if options.local_only:
        handler = LocalOnly(handler, server, origins)
    watching = observers(server, loop, access_log=options.access_log)
    connect: Callable[[], HttpConnection] = partial(HttpConnection, handler, loop)
    if watching:
        connect = partial(ObservedConnection, ObservedServer(handler, watching), loop)
    probes = Probes(server, loop)
    # uvloop closes the sockets that it is given: these stay for stop()
    clients = [await loop.create_server(connect, sock=sock.dup(), backlog=BACKLOG) for sock in listeners.clients]
    asked = [
        await loop.create_server(lambda: HttpConnection(probes, loop), sock=sock.dup(), backlog=PROBE_BACKLOG)
        for sock in listeners.probes
    ]
    print(f"server: listening on port {listeners.port} for {digest}", file=sys.stderr, flush=True)

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    garbage.begin()
    server.predictions.begin()
    ticking = asyncio.create_task(_tick(server, probes))
    await stop.wait()
    stop.clear()
    ending = asyncio.create_task(_end(server, drain))
    again = asyncio.create_task(stop.wait())  # a second signal waits for nothing
    await asyncio.wait({ending, again}, return_when=asyncio.FIRST_COMPLETED)
    ticking.cancel()
    for listener in (*clients, *asked, drains, workers):
        listener.close()
    listeners.stop()
    for observer in watching:
        observer.close()


async def _tick(server: Server, probes: Probes) -> None:
    while True:
        await asyncio.sleep(1.0)
        try:
            server.tick()
            probes.tick()
            garbage.look(len(server.connections))
        except Exception as error:  # without the next ones no slow client would ever be ended
            traceback.print_exception(error)


async def _end(server: Server, drain: Drain) -> None:
    await drain.run(hurry=True)
    for _ in range(int(CONNECTIONS_CLOSE_SECONDS / 0.02)):
        if not server.connections:
            break
        await asyncio.sleep(0.02)


def main(options: argparse.Namespace, listeners: Listeners, restarts: int) -> int:
    """The exit code: 1 when the bundle cannot be served, with a report that says why. ``restarts``: how many processes
    that served were killed before this one."""
    allocator.keep_freed_memory()
    layout = Layout.from_environment()
    try:
        document = documents.load_from_environment(layout)
    except RuntimeFailure as failure:
        write_failure(failure)
        return 1
    digest = os.environ[documents.DIGEST_VARIABLE]
    try:
        uvloop.run(serve(options, layout, document, digest, listeners, restarts))
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        print(f"the bundle's schemas cannot be used: {error}", file=sys.stderr)
        write(Report("InvalidSchema", f"the bundle's schemas cannot be used: {error}"))
        return 1
    return 0
