"""Clients that mean well, beside those that do not: one on a kept connection, one on a new one for each request. Where
the queue is full they ask again, as the answer says."""

from __future__ import annotations

import http.client
import json
import threading

from tools.testkit.pair import PATIENCE, Pair

PAUSE = 0.02
BODY = json.dumps({"x": 2, "y": "abc"}).encode()
RIGHT = b"7"


class OtherClients:
    """Until they are stopped. ``count`` is how many requests were answered, ``full`` how many are to come again,
    ``failed`` what else came back."""

    def __init__(self, pair: Pair) -> None:
        self.count = 0
        self.full = 0
        self.failed: list[object] = []
        self._port = pair.port
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(kept,), daemon=True) for kept in (True, False)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, kept: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        while not self._over.wait(PAUSE):
            try:
                connection.request("POST", "/predict", BODY)
                response = connection.getresponse()
                said = response.read()
                if (response.status, said) == (200, RIGHT):
                    self.count += 1
                elif response.status == 429 and response.headers["retry-after"]:
                    self.full += 1
                else:
                    self.failed.append((response.status, said[:300]))
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
            if not kept:
                connection.close()
