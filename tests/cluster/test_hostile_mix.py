"""Every hostile client of the table, all side by side, against a pod with its default limits: no container is
restarted, the server stays below its memory limit, and other clients are answered as before.

`make soak` does it for ten minutes and asks how long the others wait too (MODELBUNDLE_SOAK=1).
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.load import Answer, load
from tools.testkit.call import service_url
from tools.testkit.hostile.served import MODEL, PREDICT
from tools.testkit.kubectl import apply, list_all
from tools.testkit.meanwhile import every
from tools.testkit.place import ROOT
from tools.testkit.soak import SOAK
from tools.testkit.store import Store

NAME = "mixed"
SECONDS = 600 if SOAK else 30
QUIET_SECONDS = 60 if SOAK else 10  # before the attackers come
MOST = 0.8  # of the server's memory limit
MOST_RATIO = 2.0  # of what others wait for 99 of 100 answers at most, with attackers and without
MOST_FULL = 0.01  # of the others' requests that find the queue full, and are to come again
SHORT = 0.02  # seconds: what is shorter is the machine's and not the server's


def restarts(namespace: str) -> dict[str, int]:
    (pod,) = list_all("pods", namespace, f"modelbundle.dev/bundle={NAME}")
    status = pod["status"]
    return {
        each["name"]: each["restartCount"] for each in status["initContainerStatuses"] + status["containerStatuses"]
    }


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


@contextlib.contextmanager
def watched_memory(url: str) -> Iterator[list[float]]:
    """The server's, as /metrics has it, twice a second."""
    found: list[float] = []

    def look() -> None:
        with contextlib.suppress(OSError):
            said = re.search(r"^process_resident_memory_bytes (\S+)$", read(f"{url}/metrics"), re.MULTILINE)
            found.extend([float(said[1])] if said else [])

    with every(0.5, look):
        yield found


def nth(answers: list[Answer], share: float) -> float:
    """What so many of them waited at most."""
    waits = sorted(answer.over - answer.sent for answer in answers)
    return waits[min(len(waits) - 1, int(share * len(waits)))]


@pytest.mark.timeout(SECONDS + QUIET_SECONDS + 860)
def test_all_of_them_side_by_side(
    make_namespace: Callable[..., str], operator: object, store: Store, show: Callable[[str], None]
) -> None:
    namespace = make_namespace("mixed")
    serving = {"resources": {"cpu": "10m"}}
    apply(cpu_bundle(store, NAME, model=MODEL, predict=PREDICT, serving=serving), namespace=namespace)
    wait_ready(NAME, namespace)
    at_most = SECONDS + QUIET_SECONDS + 120
    with service_url(NAME, namespace) as url, load(NAME, namespace, at_most) as traffic, watched_memory(url) as memory:
        time.sleep(QUIET_SECONDS)
        began = time.time()
        host = urlsplit(url)
        command = [sys.executable, "-m", "tools.testkit.hostile", str(host.hostname), str(host.port or 80), "--json"]
        command += ["--model", NAME, "--seconds", str(SECONDS)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        ended = time.time()
        limit = json.loads(read(url))["limits"]["memoryBytes"]
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    before = nth([each for each in traffic.answers if each.over < began], 0.99)
    beside = nth([each for each in traffic.answers if began < each.sent < ended], 0.99)
    full = [each for each in traffic.lost if each.wrong.startswith("429 ")]
    lost = [each for each in traffic.lost if each not in full]
    show(
        f"{len(found['rows'])} hostile clients for {SECONDS} s: the server's memory at most {max(memory) / limit:.0%} "
        f"of its limit; 99 of 100 others waited {1000 * beside:.1f} ms at most, {1000 * before:.1f} ms before; "
        f"{len(full)} of {len(traffic.answers)} found the queue full"
    )
    counts = restarts(namespace)
    assert (counts["server"], counts["worker"]) == (0, 0)
    assert found["wrong"] == []
    assert not lost, f"{len(lost)} of {len(traffic.answers)}, first: {lost[0]}"
    assert len(full) <= MOST_FULL * len(traffic.answers)
    assert max(memory) <= MOST * limit
    if SOAK:
        assert found["idle"] == []
        assert beside <= MOST_RATIO * max(before, SHORT)
