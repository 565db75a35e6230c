"""Ends what its starter started, however the starter ended: `kill -9` gives nobody a chance to tidy up.

The keeper is a process of its own, in a session of its own. It reads a pipe whose other end the starter alone holds, so
that the pipe's end is the starter's, by whatever death. Then it kills the process groups that it was told of and
removes the directory. The starter uses it for its own end too: there is one way to leave nothing.
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


class Keeper:
    """The starter's side."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # outlives a closed terminal and Ctrl-C
        )

    def remove_at_end(self, directory: str) -> None:
        self._tell(f"directory {directory}")

    def kill_at_end(self, group: int) -> None:
        self._tell(f"group {group}")

    def forget(self, group: int) -> None:
        """It has ended: its number may come to be somebody else's."""
        self._tell(f"forget {group}")

    def end(self) -> None:
        """Now; returns when nothing is left."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # somebody ended the keeper: serving goes on without
            os.write(self._process.stdin.fileno(), os.fsencode(line) + b"\n")


def keep(lines: IO[bytes]) -> None:
    """The keeper's side."""
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
        shutil.rmtree(directory, ignore_errors=True)


def _kill(groups: Iterable[int]) -> None:
    """Until they are gone, as who still runs may write into the directory; not for ever, as zombies count."""
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
    keep(sys.stdin.buffer)
