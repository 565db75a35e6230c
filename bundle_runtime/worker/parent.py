"""The worker's parent: takes its signals, waits for processes that have lost their parent, ends when the worker ends.

A process whose parent has ended becomes a child of process 1 of the container, and when it ends it stays a zombie until
that one waits for it. The worker cannot be that process: to wait for any child takes the exit codes that user code
waits for. And the worker can have no handler of SIGTERM, for the processes that it starts would have it too, until they
execute their program: Process.terminate() would be lost on them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import Any

from bundle_runtime.contract import child_process

# what the worker gets for one that ends; beyond those that libraries take from either end
END_SIGNAL = signal.SIGRTMIN + 19 if hasattr(signal, "SIGRTMIN") else 0
LEFT_SECONDS = 0.5  # for what the worker leaves running, from SIGTERM to SIGKILL
_FROM_KERNEL = 0x80  # si_code of a terminal's signals, which the worker gets itself


def fork_worker() -> None:
    """Returns in the worker; the parent exits with the worker's exit code, or 128 and the signal that killed it."""
    if not sys.platform.startswith("linux"):
        return
    blocked = child_process.take_signals()
    worker = child_process.fork(blocked)
    if worker == 0:
        return
    status = child_process.watch(worker, _pass_on)
    with contextlib.suppress(OSError):
        _end_children(os.getpid())
    os._exit(child_process.exit_code(status))


def _pass_on(worker: int, received: Any) -> None:
    if received.si_code != _FROM_KERNEL:
        os.kill(worker, END_SIGNAL if received.si_signo in child_process.ENDS else received.si_signo)


def _end_children(parent: int) -> None:
    """Whatever the worker has left running, and what becomes a child of this process as its own parent ends."""
    deadline = time.monotonic() + LEFT_SECONDS
    asked: set[int] = set()
    while True:
        ended = 1
        while ended:
            try:
                ended, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
        late = time.monotonic() >= deadline
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            children = set(map(int, file.read().split()))
        for child in children if late else children - asked:
            os.kill(child, signal.SIGKILL if late else signal.SIGTERM)
        asked |= children
        time.sleep(0.01)
