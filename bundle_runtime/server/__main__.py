"""The server container's command: read the document, listen for the worker, for clients and for the preStop."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence

import jsonschema_rs
import uvloop

from bundle_runtime.contract import allocator
from bundle_runtime.contract import document_loader as documents
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import Report, RuntimeFailure, write, write_failure
from bundle_runtime.server.container import memory_limit, raise_open_files
from bundle_runtime.server.cross_origin import CrossOrigin
from bundle_runtime.server.drain import Drain
from bundle_runtime.server.http.connection import Handler, HttpConnection
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.probes import Probes
from bundle_runtime.server.server import Server
from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, IDLE_OPTION
from bundle_spec.request_size import DEFAULT_REQUEST_BYTES

QUEUE_PER_PLACE = 10  # requests that may wait however long it takes, for each that the worker runs at once
CONNECTIONS_CLOSE_SECONDS = 2.0
# objects made and kept before the collector looks: large JSON makes many and no cycles
GC_THRESHOLD_OBJECTS = 50_000


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options that the operator and `modelbundle serve` set; exits with 2 when they are not understood."""
    parser = argparse.ArgumentParser(
        prog="python -m bundle_runtime.server",
        description="Serves one bundle over HTTP. The root is taken from MODELBUNDLE_ROOT (/modelbundle), the digest "
        "that the bundle document must have from MODELBUNDLE_DIGEST.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--name", default="model", help="the bundle's name, which protocols with a model in their paths ask for")
    add("--host", default=None, help="address to listen on; all when not given")
    add("--port", type=int, default=8080, help="port to listen on; 0 takes a free one and prints it")
    add(
        "--probe-port",
        type=int,
        default=None,
        help="port for probes and /metrics alone, which no number of clients takes; none when not given",
    )
    add("--max-concurrency", type=int, default=1, help="requests that the worker runs at once")
    add("--request-timeout-seconds", type=float, default=60.0, help="longest time from a request to its answer")
    add("--max-request-bytes", type=int, default=DEFAULT_REQUEST_BYTES, help="the most that a request's body may be")
    add(IDLE_OPTION, type=float, default=DEFAULT_IDLE_SECONDS, help="a connection without a request is closed then")
    add("--drain-seconds", type=float, default=5.0, help="how long a drain goes on serving while endpoints follow")
    add(
        "--worker-stall-seconds",
        type=float,
        default=None,
        help="time without a heartbeat, or with every place held and no answer, after which a worker is not alive; "
        "--request-timeout-seconds + 60 when not given. The worker gets it too, and ends itself; 0 turns that off",
    )
    add(
        "--cors-origins",
        default="",
        help="origins of web pages that may ask from a browser, with commas between them; * for all, none when empty",
    )
    parsed = parser.parse_args(argv)
    # one C call may hold the GIL, and with it the heartbeat, as long as a request may take
    if parsed.worker_stall_seconds is None:
        parsed.worker_stall_seconds = parsed.request_timeout_seconds + 60.0
    return parsed


async def serve(options: argparse.Namespace, layout: Layout, document: Mapping[str, object], digest: str) -> None:
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
    )
    drain = Drain(server, options.drain_seconds)
    workers = await server.link.listen(layout.worker_socket)
    drains = await drain.listen(layout.drain_socket)
    handler: Handler = server
    if options.cors_origins:
        handler = CrossOrigin(server, options.cors_origins.split(","))
    clients = await loop.create_server(lambda: HttpConnection(handler, loop), options.host, options.port, backlog=1024)
    ports = sorted({server_socket.getsockname()[1] for server_socket in clients.sockets})
    probes = Probes(server, loop)
    asked = None
    if options.probe_port is not None:
        asked = await loop.create_server(lambda: HttpConnection(probes, loop), options.host, options.probe_port)
    print(f"server: listening on port {ports[0]} for {digest}", file=sys.stderr, flush=True)

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gc.collect()
    gc.freeze()  # what is here stays: the collector need not look at it again
    gc.set_threshold(GC_THRESHOLD_OBJECTS)
    ticking = asyncio.create_task(_tick(server, probes))
    await stop.wait()
    stop.clear()
    ending = asyncio.create_task(_end(server, drain))
    again = asyncio.create_task(stop.wait())  # a second signal waits for nothing
    await asyncio.wait({ending, again}, return_when=asyncio.FIRST_COMPLETED)
    ticking.cancel()
    for listener in (clients, drains, workers, asked):
        if listener is not None:
            listener.close()


async def _tick(server: Server, probes: Probes) -> None:
    while True:
        await asyncio.sleep(1.0)
        try:
            server.tick()
            probes.tick()
        except Exception as error:  # without the next ones no slow client would ever be ended
            traceback.print_exception(error)


async def _end(server: Server, drain: Drain) -> None:
    await drain.run(hurry=True)
    for _ in range(int(CONNECTIONS_CLOSE_SECONDS / 0.02)):
        if not server.connections:
            break
        await asyncio.sleep(0.02)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 1 when the bundle cannot be served, with a report that says why."""
    options = arguments(argv)
    allocator.keep_freed_memory()
    layout = Layout.from_environment()
    try:
        document = documents.load_from_environment(layout)
    except RuntimeFailure as failure:
        write_failure(failure)
        return 1
    digest = os.environ[documents.DIGEST_VARIABLE]
    try:
        uvloop.run(serve(options, layout, document, digest))
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        print(f"the bundle's schemas cannot be used: {error}", file=sys.stderr)
        write(Report("InvalidSchema", f"the bundle's schemas cannot be used: {error}"))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
