"""Kills the child processes of `modelbundle serve` when it ends, even by SIGKILL, and removes their directory.

The reaper is a process of its own, in a session of its own. It reads a pipe whose other end the parent alone holds, so
the pipe ends when the parent does, by whatever death. Then it kills the process groups that it was given and removes
the directory. The parent uses it for its own end too, so there is one way to leave nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import IO, Iterable, Set

_GONE_SECONDS = 5.0


class ProcessReaper:
    """The parent's side: starts the reaper, and writes to it what to kill and to remove."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # outlives a closed terminal and Ctrl-C
        )

    def remove_at_end(self, directory: str) -> None:
        """Remove this directory, with what is in it, once everything is killed."""
        self._send(f"directory {directory}")

    def kill_at_end(self, group: int) -> None:
        """Kill this process group with SIGKILL."""
        self._send(f"group {group}")

    def forget(self, group: int) -> None:
        """This process group has ended: another process may get its number."""
        self._send(f"forget {group}")

    def end(self) -> None:
        """Reap now; returns when nothing is left."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # the reaper was killed: serving goes on without
            os.write(self._process.stdin.fileno(), os.fsencode(line) + b"\n")


def reap(lines: IO[bytes]) -> None:
    """The reaper's side: reads lines until the parent has ended, then kills and removes."""
    groups: Set[int] = set()
    directories: Set[str] = set()
    for line in lines:
        word, _, rest = os.fsdecode(line.rstrip(b"\n")).partition(" ")
        if word == "directory":
            directories.add(rest)
        elif word == "group":
            groups.add(int(rest))
        else:
            groups.discard(int(rest))
    _kill(groups)
    for directory in directories:
        for base, _, _ in os.walk(directory):  # nothing is removed from one that is read-only
            with contextlib.suppress(OSError):
                os.chmod(base, 0o700)  # noqa: PTH101 - this file imports little: it starts with each bundle
        shutil.rmtree(directory, ignore_errors=True)


def _kill(groups: Iterable[int]) -> None:
    """Until they are gone, as one that still runs may write into the directory; at most 5 s, as zombies count."""
    left = {group for group in groups if _signalled(group, signal.SIGKILL)}
    deadline = time.monotonic() + _GONE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.01)
        left = {group for group in left if _signalled(group, 0)}


def _signalled(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    reap(sys.stdin.buffer)
