"""Going away without losing a request. ``python -m bundle_runtime.server.drain`` is the server container's preStop.

It asks the server over a socket of mode 0600, never over HTTP: any client could call a route on the pod's port.
The order: not ready; wait until load balancers have followed, serving all the while; then take nothing new, finish what
is in flight, tell the worker to close, return.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

from bundle_runtime.contract.layout import Layout
from bundle_runtime.server.lifecycle import CLOSING, DRAINING, FINISHING
from bundle_runtime.server.server import Server
from bundle_runtime.server.worker.sockets import fresh

WORKER_CLOSE_SECONDS = 3.0
DRAINED = b"drained\n"


class Drain:
    """Runs once; a second caller waits for the same end."""

    def __init__(self, server: Server, wait_seconds: float) -> None:
        self._server = server
        self._wait = wait_seconds
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    async def run(self, hurry: bool = False) -> None:
        """``hurry`` leaves out, or cuts short, the wait for load balancers."""
        if hurry:
            self._hurry.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await asyncio.shield(self._task)

    async def _run(self) -> None:
        server = self._server
        server.lifecycle.stage = DRAINING
        print(f"server: draining: not ready, serving for {self._wait:g} s more", file=sys.stderr, flush=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), self._wait)
        server.lifecycle.stage = FINISHING
        self._close_idle()
        await server.predictions.idle()  # at most the request timeout: each one, a stream too, has a deadline
        while any(connection.keepalive_announced and connection.expects_request() for connection in server.connections):
            await asyncio.sleep(0.05)
            await server.predictions.idle()
        self._close_idle()
        server.lifecycle.stage = CLOSING
        server.link.send_close()
        await server.link.wait_disconnected(WORKER_CLOSE_SECONDS)
        print("server: drained", file=sys.stderr, flush=True)

    def _close_idle(self) -> None:
        for connection in list(self._server.connections):
            connection.close_if_idle()

    async def listen(self, path: str) -> asyncio.Server:
        """For the preStop, on a socket that only this user may use."""
        with fresh(path, 0o177):
            return await asyncio.start_unix_server(self._asked, path)

    async def _asked(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.run()
        writer.write(DRAINED)
        await writer.drain()
        writer.close()


def main() -> int:
    """The preStop: asks, and waits for the end."""
    path = Layout.from_environment().drain_socket
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.connect(path)
            answer = asking.recv(64)
    except OSError as error:
        print(f"no server to drain at {path}: {error}", file=sys.stderr)
        return 1
    return 0 if answer == DRAINED else 1


if __name__ == "__main__":
    sys.exit(main())
