"""A line on the terminal for as long as something is waited for, from the second second on: what, and how long by now.

It is gone when the wait is over, and where standard error is not a terminal there is none.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import Any, Iterator

import click

FIRST_SECONDS = 1.0
EVERY_SECONDS = 1.0
_ERASE = "\r\x1b[K"


class WaitingLine:
    """One for a command; what else the command says meanwhile goes through `say`, which keeps the two apart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown = False

    def say(self, text: str, err: bool = True) -> None:
        """A line of its own, on standard error or output. A terminal that was closed is no error."""
        with self._lock:
            with contextlib.suppress(OSError):
                if self._shown:
                    click.echo(_ERASE, err=True, nl=False)
                    self._shown = False
                if err:
                    click.echo(text, err=True)
            if not err:
                click.echo(text)

    @contextlib.contextmanager
    def showing(self, what: str) -> Iterator[None]:
        """While this goes on; not where it is over within a second."""
        if not what or not sys.stderr.isatty():
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self._show, args=(what, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _show(self, what: str, over: threading.Event) -> None:
        began, pause = time.monotonic(), FIRST_SECONDS
        while not over.wait(pause):
            pause = EVERY_SECONDS
            self._write(f"{_ERASE}{what}, {time.monotonic() - began:.0f} s", True)
        if self._shown:
            self._write(_ERASE, False)

    def _write(self, text: str, shown: bool) -> None:
        with self._lock, contextlib.suppress(OSError):
            stream: Any = sys.stderr
            stream.write(text)
            stream.flush()
            self._shown = shown


def waiting(what: str) -> "contextlib.AbstractContextManager[None]":
    """The line of a command that says nothing else meanwhile."""
    return WaitingLine().showing(what)
