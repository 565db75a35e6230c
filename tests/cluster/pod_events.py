"""Which pods there were at the same time: their creations and ends, in the order in which the API server did them."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tools.testkit.kubectl import Manifest

# of the ReplicaSet that made the pod, so of its template
TEMPLATE = "pod-template-hash"


@contextmanager
def pod_events(namespace: str, selector: str) -> Iterator[list[tuple[str, Manifest]]]:
    """Type and pod of each watch event, from those that are there on; complete when the block is over."""
    command = ["kubectl", "-n", namespace, "get", "pods", "-l", selector]
    command += ["--watch", "--output-watch-events", "-o", "json"]
    found: list[tuple[str, Manifest]] = []

    def read() -> None:
        assert watch.stdout is not None
        for line in watch.stdout:
            event = json.loads(line)
            found.append((event["type"], event["object"]))

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield found
        finally:
            watch.terminate()
            reader.join()


def generations(events: list[tuple[str, Manifest]]) -> list[str]:
    """Templates in the order in which their pods came; an error where pods of two of them were there at once.

    A pod is there until its containers have ended, or its node has let it be deleted, which is after that.
    """
    order: list[str] = []
    alive: dict[str, str] = {}
    for kind, pod in events:
        uid, template = pod["metadata"]["uid"], pod["metadata"]["labels"][TEMPLATE]
        if kind == "DELETED" or pod["status"].get("phase") in ("Succeeded", "Failed"):
            alive.pop(uid, None)
            continue
        alive[uid] = template
        assert set(alive.values()) == {template}, f"pods of {sorted(set(alive.values()))} at once"
        if order[-1:] != [template]:
            order.append(template)
    return order
