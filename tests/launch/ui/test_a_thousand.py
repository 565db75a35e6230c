"""What a thousand bundles cost the command and the page: memory that does not grow with changes, and little time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.ui.stand_in import StandIn, bundle

COUNT = 1000
MOST_MIB, MOST_OF_THE_PAGE_MB = 120, 20


def put_all(api: StandIn, word: str) -> None:
    for number in range(COUNT):
        ready = ("False", "LoadFailed", word * 400)
        api.put("modelbundles", bundle(f"b{number:04}", namespace=f"team-{number % 7}", ready=ready))


@pytest.fixture
def command(api: StandIn) -> Iterator[subprocess.Popen[str]]:
    put_all(api, "a")
    made = subprocess.Popen(
        [sys.executable, "-m", "launch.cli", "ui", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    yield made
    made.send_signal(signal.SIGINT)
    made.communicate(timeout=60)


def mib(process: subprocess.Popen[str]) -> float:
    """The most that it has had."""
    (found,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(found) / 1024


def seconds(process: subprocess.Popen[str]) -> float:
    """Of processor time."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_memory_and_time_are_bounded(api, command, browser):
    assert command.stdout is not None
    browser.call("Performance.enable")
    browser.open("about:blank")
    browser.open(command.stdout.readline().strip())
    browser.wait(f"document.body.innerText.includes('{COUNT} bundles')")
    at_first, to_start = mib(command), seconds(command)
    put_all(api, "b")
    browser.wait("document.querySelectorAll('.message').length && document.body.innerText.includes('bbbb')")
    for word in "cdefghijk":
        put_all(api, word)
    shown = "[...document.querySelectorAll('td.message')].every(e => e.textContent[0] === 'k')"
    browser.wait(shown)
    assert mib(command) < MOST_MIB
    assert mib(command) - at_first < at_first / 2, "ten thousand changes are not kept"
    assert (seconds(command) - to_start) / 10 < to_start, "a change of each costs less than to start"
    browser.call("HeapProfiler.collectGarbage")
    metrics = {entry["name"]: entry["value"] for entry in browser.call("Performance.getMetrics")["metrics"]}
    assert metrics["JSHeapUsedSize"] < MOST_OF_THE_PAGE_MB * 1e6
    assert browser.run("document.querySelectorAll('tbody tr').length") == 100
    browser.open("about:blank")
