"""Constant traffic without retries, on new and on kept-alive connections, counted by request on both sides.

Runs as a script in a pod (standard library only), as node and pod see a Service alike, until the test makes the file
ENOUGH; prints a JSON line for each request once it is over. Each request has an id of its own in its body, so that a
bundle which notes them can be compared id by id: in a file, or by lines to the port NOTES of the pod that asks, which
are printed too and, unlike files, outlive a pod that is killed.
"""

from __future__ import annotations

import http.client
import json
import os
import socketserver
import sys
import threading
import time
import uuid

ENOUGH = "/tmp/enough"
RATE = 240.0  # requests a second over all threads
THREADS = 8
NOTES = 9000
LONG_THREADS = 4  # of each kind
SLOW = {"seconds": 0.5, "items": 0}
STREAM = {"seconds": 0.1, "items": 8}


def main(host: str, at_most: float, mixed: bool) -> None:
    """``mixed``: slow requests and streams as well, of a bundle whose function takes seconds and items."""
    stop = time.time() + at_most
    threads = [threading.Thread(target=_send, args=(host, stop, n % 2 == 0)) for n in range(THREADS)]
    if mixed:
        notes = _Notes(("", NOTES), _Noting)
        threading.Thread(target=notes.serve_forever, daemon=True).start()
        for more in (SLOW, STREAM):
            threads += [
                threading.Thread(target=_send, args=(host, stop, n % 2 == 0, more)) for n in range(LONG_THREADS)
            ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _send(host: str, stop: float, kept: bool, more: dict[str, float] | None = None) -> None:
    connection = http.client.HTTPConnection(host, timeout=20)
    accept = "text/event-stream" if more and more["items"] else "application/json"
    due = time.time()
    while (now := time.time()) < stop and not os.path.exists(ENOUGH):  # noqa: PTH110
        if now < due:
            time.sleep(due - now)
        due += 0 if more else THREADS / RATE
        if not kept:
            connection = http.client.HTTPConnection(host, timeout=20)
        sent, digest, wrong, name = time.time(), "", "", uuid.uuid4().hex
        try:
            body = json.dumps({"x": 2, "y": name, **(more or {})}).encode()
            connection.request("POST", "/predict", body, {"content-type": "application/json", "accept": accept})
            answer = connection.getresponse()
            said = answer.read()
            digest = answer.headers.get("x-modelbundle-digest", "")
            if answer.status != 200 or said != _expected(name, more):
                wrong = f"{answer.status} {said[:200]!r}"
        except Exception as error:
            wrong = repr(error)
            connection.close()
        _say([sent, time.time(), kept, digest, wrong, name])
        if not kept:
            connection.close()


def _expected(name: str, more: dict[str, float] | None) -> bytes:
    if more and more["items"]:
        return b"".join(b"data: %d\n\n" % number for number in range(int(more["items"])))
    return b"%d" % (4 + len(name))


class _Notes(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Noting(socketserver.StreamRequestHandler):
    """One of the bundle's pods, saying what it begins and ends."""

    def handle(self) -> None:
        for line in self.rfile:
            _say(line.decode().split())
            self.wfile.write(b".")  # noted


def _say(values: list[str] | list[object]) -> None:
    os.write(1, json.dumps(values).encode() + b"\n")  # one call: whole lines, whichever thread


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3:] == ["mixed"])
