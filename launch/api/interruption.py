"""Ctrl-C, SIGTERM and SIGHUP (the terminal was closed) are one thing: an interruption, quiet and with one exit code.

While there is nothing to tidy up, it ends the process on the spot: an exception could come out anywhere, in the middle
of an import too. From `raise_on_interruption` on it is a KeyboardInterrupt, but not within `held`; where Python drops
that exception, `raise_lost` raises it again.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import Callable, Iterator

INTERRUPTED = 130
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP

_held = 0
_waiting = False
_came = False


def end_on_interruption() -> None:
    """What the starter had ignored (nohup, a shell's background job) stays ignored."""
    _handle(_end)


def raise_on_interruption() -> None:
    """Signals that end a program raise KeyboardInterrupt from here on, as Ctrl-C does."""
    _handle(_raise)


@contextmanager
def held() -> Iterator[None]:
    """What is done here is done whole; an interruption meanwhile is raised after it."""
    global _held, _waiting
    _held += 1
    try:
        yield
    finally:
        _held -= 1
    if _waiting and not _held:
        _waiting = False
        raise KeyboardInterrupt


def raise_lost() -> None:
    """For loops that wait: KeyboardInterrupt where one came before and ended in a destructor, which Python lets none
    out of; that of urllib's HTTPError is one."""
    if _came:
        raise KeyboardInterrupt


def _handle(handler: Callable[..., None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _end(*_: object) -> None:
    os._exit(INTERRUPTED)


def _raise(*_: object) -> None:
    global _waiting, _came
    _came = True
    if not _held:
        raise KeyboardInterrupt
    _waiting = True
