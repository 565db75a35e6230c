"""Constant traffic without retries, on new and on kept-alive connections, counted by request on both sides.

Runs as a script in a pod (standard library only), as node and pod see a Service alike, until somebody makes the file
ENOUGH; prints one JSON line at the end. Each request has an id of its own in its body, so that a bundle which notes
them can be compared id by id.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
import time
import uuid
from typing import Any

ENOUGH = "/tmp/enough"
RATE = 240.0  # requests a second over all threads
THREADS = 8


def main(host: str, at_most: float) -> None:
    # sent, answered, kept, digest, what went wrong, id
    answers: list[tuple[float, float, bool, str, str, str]] = []
    stop = time.time() + at_most
    threads = [threading.Thread(target=_send, args=(host, stop, n % 2 == 0, answers)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(answers) + "\n")


def _send(host: str, stop: float, kept: bool, answers: list[Any]) -> None:
    connection = http.client.HTTPConnection(host, timeout=20)
    due = time.time()
    while (now := time.time()) < stop and not os.path.exists(ENOUGH):  # noqa: PTH110
        if now < due:
            time.sleep(due - now)
        due += THREADS / RATE
        if not kept:
            connection = http.client.HTTPConnection(host, timeout=20)
        sent, digest, wrong, name = time.time(), "", "", uuid.uuid4().hex
        try:
            body = json.dumps({"x": 2, "y": name}).encode()
            connection.request("POST", "/predict", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            digest = answer.headers.get("x-modelbundle-digest", "")
            if answer.status != 200 or json.loads(said) != 4 + len(name):
                wrong = f"{answer.status} {said[:200]!r}"
        except Exception as error:
            wrong = repr(error)
            connection.close()
        answers.append((sent, time.time(), kept, digest, wrong, name))
        if not kept:
            connection.close()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
