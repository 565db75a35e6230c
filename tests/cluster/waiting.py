"""Waiting for what an object says, by one watch of it: what tests ask again and again, pods would have to wait for."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from tools.testkit import reading
from tools.testkit.kubectl import Manifest


def wait_until(
    what: str,
    kind: str,
    name: str,
    namespace: str,
    holds: Callable[[Manifest], bool],
    timeout: float,
    explain: Callable[[], str],
) -> Manifest:
    """The object, there already or not, once it `holds`; when time is up, an error that shows how things stand."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        for found in _changes(kind, name, namespace, left):
            if holds(found):
                return found
        time.sleep(0.4)  # the watch ended
    raise TimeoutError(f"{what}: not within {timeout:g} s\n{explain()}")


def _changes(kind: str, name: str, namespace: str, timeout: float) -> Iterator[Manifest]:
    """The object as it is, then as each change leaves it, for so long."""
    try:
        events = reading.changes(kind, namespace, {"fieldSelector": f"metadata.name={name}"}, timeout)
        yield from (event["object"] for event in events if event["type"] in ("ADDED", "MODIFIED"))
    except reading.AskKubectl:
        yield from _changes_by_kubectl(kind, name, namespace, timeout)


def _changes_by_kubectl(kind: str, name: str, namespace: str, timeout: float) -> Iterator[Manifest]:
    command = ["kubectl", "-n", namespace, "get", kind, "--field-selector", f"metadata.name={name}"]
    command += ["--watch", "--output-watch-events", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if event["type"] != "DELETED":
                    yield event["object"]
        finally:
            timer.cancel()
            process.kill()
