"""Tests start their children with default signals, however the tests themselves were started.

nohup ignores SIGHUP, a script's background job SIGINT, a CI system more; a process hands on what it ignores to what it
starts, and then no child of a test ends as its user would have it end. A signal with a handler is at its default again
in whatever is started. The handler does nothing: here it stays as ignored as the starter wants it.
"""

from __future__ import annotations

import signal

_NUMBERS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def hand_on_no_ignored_signal() -> None:
    for number in _NUMBERS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
