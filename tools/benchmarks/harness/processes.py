"""What a tree of processes costs: CPU time and memory, read from /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def tree(roots: Iterable[int]) -> list[int]:
    """The roots, what they started, and what has left their parent but not their session."""
    parents: dict[int, tuple[int, int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = _stat(int(entry.name))
                parents[int(entry.name)] = int(fields[1]), int(fields[3])
    found = {root for root in roots if root in parents}
    sessions = {parents[root][1] for root in found} - {os.getsid(0)}
    while True:
        more = {pid for pid, (parent, session) in parents.items() if parent in found or session in sessions} - found
        if not more:
            return sorted(found)
        found |= more


def within(directory: Path) -> list[int]:
    """Processes that work below the directory: what is left of a server whose start failed half-way."""
    found = []
    for entry in PROC.iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(directory):
                found.append(int(entry.name))
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """utime + stime of the tree, with what its ended processes took."""
    total = 0.0
    for pid in tree(roots):
        with contextlib.suppress(OSError):
            total += sum(int(field) for field in _stat(pid)[11:15]) / TICK
    return total


def own_cpu_seconds(pid: int) -> float:
    """Of this process alone, with its threads that have ended, in nanoseconds: clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def busy_seconds() -> float:
    """CPU time of everything on the machine."""
    user, nice, system, _idle, _iowait, *rest = (int(each) for each in _machine())
    return (user + nice + system + sum(rest[:3])) / TICK


def pss_mib(roots: Iterable[int]) -> float:
    """Memory of the tree, with what several processes share counted once (PSS)."""
    kib = 0
    for pid in tree(roots):
        with contextlib.suppress(OSError):
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
    return kib / 1024


def memory_mib(pid: int, field: str) -> float:
    """Memory of this process alone, by a field of /proc/PID/status: VmRSS now, VmHWM the most there ever was."""
    text = (PROC / str(pid) / "status").read_text()
    line = next(line for line in text.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


def age(roots: Iterable[int]) -> float:
    """Seconds since the first of them was started."""
    started = min(int(_stat(pid)[19]) for pid in roots)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / TICK


def settle(roots: Iterable[int], seconds: float = 2.0) -> None:
    """Waits until the tree rests: an overloaded server works on after its clients have gone."""
    end = time.monotonic() + seconds
    before = cpu_seconds(roots)
    while time.monotonic() < end:
        time.sleep(0.1)
        now = cpu_seconds(roots)
        if now - before <= 0.02:
            return
        before = now


def end(pids: Iterable[int], seconds: float = 5.0) -> None:
    """Kills them and waits until they are gone: what dies still takes CPU."""
    left = set(pids)
    until = time.monotonic() + seconds
    while left and time.monotonic() < until:
        for pid in sorted(left):
            try:
                os.kill(pid, signal.SIGKILL)
                if _stat(pid)[0] == "Z":
                    left.discard(pid)
            except (ProcessLookupError, FileNotFoundError):
                left.discard(pid)
        time.sleep(0.01 if left else 0)


@contextlib.contextmanager
def on_cores(cores: Iterable[int]) -> Iterator[None]:
    """What is started within runs on these cores and no others."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _machine() -> list[str]:
    return (PROC / "stat").read_text().splitlines()[0].split()[1:]


def _stat(pid: int) -> list[str]:
    """The fields after the command's name, which may have blanks: state, parent, group, session, ..."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
