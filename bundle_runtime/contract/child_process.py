"""A process that only looks after one child: what the small parents of worker and server share.

It takes the signals in the child's place, waits for every process that has lost its own parent, and the child is killed
when it ends. What such a parent imports it holds for as long as the container lives, so it imports little.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any, Callable

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)  # what the kubelet sends: an image may ask for another one
PASSED_ON = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_WATCHED = {signal.SIGCHLD, *ENDS, *PASSED_ON}
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36  # prctl(2)


def take_signals() -> set[Any]:
    """From now on they wait for watch(); what was blocked before, for fork(). Linux only."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored nobody can wait for a child
    _prctl()(_SET_CHILD_SUBREAPER, 1)  # where it is not process 1
    return signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)


def fork(blocked: set[Any]) -> int:
    """0 in the child, which has the signals as they were before."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _prctl()(_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed before
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return child


def watch(child: int, pass_on: Callable[[int, Any], None]) -> int:
    """The child's status, once it has ended. ``pass_on`` gets its number and each signal that comes before (as
    signal.sigwaitinfo() describes it): the child is not waited for yet, so the number is still its own."""
    while True:
        received = signal.sigwaitinfo(_WATCHED)
        if received.si_signo != signal.SIGCHLD:
            pass_on(child, received)
            continue
        found = None
        with contextlib.suppress(ChildProcessError):  # there are no others
            ended, status = os.waitpid(-1, os.WNOHANG)
            while ended:
                if ended == child:
                    found = status
                ended, status = os.waitpid(-1, os.WNOHANG)
        if found is not None:
            return found


def exit_code(status: int) -> int:
    """As a container's exit code says it: 128 and the number of the signal that killed it."""
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _prctl() -> Callable[..., Any]:
    """Does nothing where Python has no ctypes: in a container process 1 gets what has lost its parent anyway."""
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except (ImportError, AttributeError, OSError, TypeError):
        return lambda *_: None
