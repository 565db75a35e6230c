"""The metrics that user code keeps with prometheus_client, as text, when the server asks for them.

Nothing is imported for it: what user code has not imported has no metrics. Collectors may be user code, so they run on
a thread of their own, where they hold up neither the connection nor a prediction.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.user_errors import full, log


class OwnMetrics:
    """One answer at a time: while a collector takes long, what else is asked for gets none."""

    def __init__(self) -> None:
        self._answering = threading.Lock()
        self._said = ""  # the last reason why there were none: it would come with every scrape

    def answer(self, connection: Connection) -> None:
        """By the link's thread, which does not wait for it."""
        if not self._answering.acquire(blocking=False):
            return
        try:
            threading.Thread(target=self._send, args=(connection,), name="modelbundle-metrics", daemon=True).start()
        except RuntimeError as error:  # as many threads as may be
            self._answering.release()
            self._say(f"a thread for them cannot be started: {error}")

    def _send(self, connection: Connection) -> None:
        try:
            text = self.text()
        finally:
            self._answering.release()  # before it is sent: the next question may follow at once
        connection.send(wire.pack(wire.METRICS, 0, text))

    def text(self) -> bytes:
        """Of the default registry; empty when there is none, or it cannot be told."""
        module: Any = sys.modules.get("prometheus_client")
        if module is None:
            return b""
        try:
            text = bytes(module.generate_latest(module.REGISTRY))
        except BaseException as error:  # SystemExit too: of a collector, or of a module that is being imported
            self._say(full(error))
            return b""
        if len(text) > wire.MAX_METRICS:
            self._say(f"they are more than {wire.MAX_METRICS} bytes")
            return b""
        return text

    def _say(self, why: str) -> None:
        if why != self._said:
            self._said = why
            log(f"worker: the bundle's own metrics are left out: {why}")
