"""The process that is measured: the operator as it runs in a pod, or the floor; when it is ready, and when it rests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools.benchmarks.harness.peers import free_port, running
from tools.benchmarks.harness.processes import age, memory_mib, own_cpu_seconds
from tools.testkit.place import ROOT

IDLE_SHARE = 0.1  # of a processor
IDLE_SECONDS = 2.0


class Measured(NamedTuple):
    """One process, from its start to its end."""

    popen: subprocess.Popen[bytes]
    log: Path
    ready: float  # seconds from its start until it answered

    def cpu(self) -> float:
        """Seconds of processor so far, of all its threads."""
        return own_cpu_seconds(self.popen.pid)

    def rss(self) -> float:
        """MiB now."""
        return memory_mib(self.popen.pid, "VmRSS")

    def peak(self) -> float:
        """MiB, the most there ever was."""
        return memory_mib(self.popen.pid, "VmHWM")

    def check(self) -> None:
        """Raise with its last words when it has ended."""
        if self.popen.poll() is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(f"{self.popen.args!r} ended with {self.popen.returncode}: {tail}")

    def until_idle(self, limit: float) -> float | None:
        """Seconds from its start until it began to take less than IDLE_SHARE for IDLE_SECONDS; None: not in time."""
        deadline = time.monotonic() + limit
        window: list[tuple[float, float]] = []
        while time.monotonic() < deadline:
            self.check()
            now = age([self.popen.pid])
            window = [(at, cpu) for at, cpu in window if now - at <= IDLE_SECONDS + 0.3]
            window.append((now, self.cpu()))
            first, then = window[0]
            if now - first >= IDLE_SECONDS and (window[-1][1] - then) / (now - first) < IDLE_SHARE:
                return first
            time.sleep(0.25)
        return None


@contextlib.contextmanager
def operator(kubeconfig: Path, root: Path) -> Iterator[Measured]:
    """The operator of this checkout; its log is in root/log."""
    port = free_port()
    variables = {
        "PYTHONPATH": f"{ROOT / 'operator'}{os.pathsep}{ROOT}",
        "KUBECONFIG": str(kubeconfig),
        "MODELBUNDLE_LEASE_NAMESPACE": "default",
        "MODELBUNDLE_PROBE_PORT": str(port),
    }
    with _measured(["modelbundle_operator"], root, variables, lambda: _ready(port)) as process:
        yield process


@contextlib.contextmanager
def floor(plan: Path, kubeconfig: Path, root: Path) -> Iterator[Measured]:
    """The plain client; its log is in root/log."""
    arguments = ["tools.benchmarks.operator.floor", str(plan), str(kubeconfig)]
    with _measured(arguments, root, {"PYTHONPATH": str(ROOT)}, lambda: True) as process:
        yield process


@contextlib.contextmanager
def _measured(
    arguments: list[str], root: Path, variables: dict[str, str], answers: Callable[[], bool]
) -> Iterator[Measured]:
    root.mkdir(parents=True, exist_ok=True)
    with running([sys.executable, "-m", *arguments], root, answers, variables) as popen:
        yield Measured(popen, root / "log", age([popen.pid]))


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return True
    except urllib.error.URLError:  # 503 as it starts
        return False
