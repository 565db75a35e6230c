"""Constant traffic on a Service from the namespace's client pod, and what came of it as both sides counted it."""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.cluster.traffic import ENOUGH
from tools.testkit.call import CLIENT, service_url, start_client
from tools.testkit.kubectl import kubectl, wait_for

SCRIPT = Path(__file__).with_name("traffic.py")


class Answer(NamedTuple):
    sent: float
    over: float
    kept: bool  # on a connection that is kept alive
    digest: str
    wrong: str  # why it is lost, or ""
    id: str


class Note(NamedTuple):
    pod: str
    what: str
    id: str


class Load:
    """Grows while the traffic goes on."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.notes: list[Note] = []

    @property
    def lost(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.wrong]

    @property
    def rate(self) -> float:
        seconds = max(answer.over for answer in self.answers) - min(answer.sent for answer in self.answers)
        return len(self.answers) / seconds

    def read(self, line: str) -> None:
        values = json.loads(line)
        if len(values) == len(Note._fields):
            self.notes.append(Note(*values))
        else:
            self.answers.append(Answer(*values))


@contextmanager
def load(name: str, namespace: str, at_most: float, *how: str) -> Iterator[Load]:
    """Traffic while the block runs, ``at_most`` so many seconds; all of it is counted when the block has ended.

    It begins once the Service answers: a node learns of a ready pod some time after the API server."""
    start_client(namespace)
    wait_for("the Service to reach a pod", partial(_reaches_a_pod, name, namespace), 120)
    found = Load()
    ready = ("exec", CLIENT, "--", "sh", "-c", f"rm -f {ENOUGH} && echo ready")
    wait_for("the client", lambda: kubectl(*ready, namespace=namespace), 120)
    command = ["kubectl", "-n", namespace, "exec", "-i", CLIENT, "--"]
    command += ["python3", "-", f"{name}.{namespace}.svc", str(at_most), *how]
    with (
        SCRIPT.open("rb") as script,
        subprocess.Popen(command, stdin=script, stdout=subprocess.PIPE, text=True) as sender,
    ):

        def read() -> None:
            assert sender.stdout is not None
            for line in sender.stdout:
                found.read(line)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield found
        finally:
            kubectl("exec", CLIENT, "--", "touch", ENOUGH, namespace=namespace)
            reader.join()
    assert sender.returncode == 0, "the traffic did not end in time"


def _reaches_a_pod(name: str, namespace: str) -> bool:
    """Asked by a path that no metric counts."""
    with service_url(name, namespace) as url, urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
        return answer.status == 200
