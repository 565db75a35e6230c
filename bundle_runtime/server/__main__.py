"""The server container's command: a small parent that has the sockets, and the process that serves as its child."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bundle_runtime.server.listeners import listen
from bundle_runtime.server.parent import fork_server
from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, IDLE_OPTION
from bundle_spec.request_size import DEFAULT_REQUEST_BYTES


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
    add("--access-log", action="store_true", help="print a line of JSON for each request of a client")
    add("--tracebacks", action="store_true", help="answers to what user code raised hold lines of its source")
    add(
        "--local-only",
        action="store_true",
        help="refuse requests whose Host is not this machine, and those of web pages that --cors-origins does not name",
    )
    parsed = parser.parse_args(argv)
    # one C call may hold the GIL, and with it the heartbeat, as long as a request may take
    if parsed.worker_stall_seconds is None:
        parsed.worker_stall_seconds = parsed.request_timeout_seconds + 60.0
    return parsed


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of the process that serves; the parent does not return."""
    options = arguments(argv)
    try:
        listeners = listen(options.host, options.port, options.probe_port)
    except OSError as error:
        print(f"server: {error}", file=sys.stderr)
        return 1
    restarts = fork_server()  # before anything else is imported: what is imported here, the parent holds too
    from bundle_runtime.server import process

    return process.main(options, listeners, restarts)


if __name__ == "__main__":
    sys.exit(main())
