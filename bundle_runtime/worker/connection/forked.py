"""What a process that user code forks keeps of the worker: nothing.

It does not hold the connection, so that the server sees the worker's end; and it answers no request, should the
function return in it too. Its signal handlers are those of a fresh Python.
"""

from __future__ import annotations

import os
import signal

from bundle_runtime.worker import parent
from bundle_runtime.worker.connection import alarm
from bundle_runtime.worker.connection.link import Link


def leave_children(link: Link) -> None:
    """For all children that this process forks from now on."""
    os.register_at_fork(after_in_child=lambda: _in_child(link))


def _in_child(link: Link) -> None:
    for number in (alarm.SIGNAL, parent.END_SIGNAL):
        if number:
            signal.signal(number, signal.SIG_DFL)
    link.leave()
