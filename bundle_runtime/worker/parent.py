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
from typing import Any, Callable

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)  # what the kubelet sends: an image may ask for another one
PASSED_ON = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
# what the worker gets for one that ends; beyond those that libraries take from either end
END_SIGNAL = signal.SIGRTMIN + 19 if hasattr(signal, "SIGRTMIN") else 0
LEFT_SECONDS = 0.5  # for what the worker leaves running, from SIGTERM to SIGKILL
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
_FROM_KERNEL = 0x80  # si_code of a terminal's signals, which the worker gets itself


def fork_worker() -> None:
    """Returns in the worker; the parent exits with the worker's exit code, or 128 and the signal that killed it."""
    if not sys.platform.startswith("linux"):
        return
    prctl = _prctl()
    prctl(_SET_CHILD_SUBREAPER, 1)  # where it is not process 1
    watched = {signal.SIGCHLD, *ENDS, *PASSED_ON}
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    parent = os.getpid()
    worker = os.fork()
    if worker == 0:
        prctl(_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed before
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        return
    status = _watch(worker, watched)
    with contextlib.suppress(OSError):
        _end_children(parent)
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def _watch(worker: int, signals: set[signal.Signals]) -> int:
    """The worker's status, once it has ended."""
    while True:
        received = signal.sigwaitinfo(signals)
        if received.si_signo != signal.SIGCHLD:
            if received.si_code != _FROM_KERNEL:
                # not waited for yet, so the number is still its own
                os.kill(worker, END_SIGNAL if received.si_signo in ENDS else received.si_signo)
            continue
        ended, status = os.waitpid(-1, os.WNOHANG)
        while ended:
            if ended == worker:
                return status
            ended, status = os.waitpid(-1, os.WNOHANG)


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


def _prctl() -> Callable[..., Any]:
    """Does nothing where Python has no ctypes: in a container process 1 gets what has lost its parent anyway."""
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except (ImportError, AttributeError, OSError, TypeError):
        return lambda *_: None
