"""The server's parent: forks the process that serves, and another one at once when that is killed.

It holds the sockets that clients connect to (listeners.py), so they wait meanwhile and are not refused, and the worker,
which is another container, keeps its model. A process that ends by itself has a reason, which it has reported: then the
container ends. So it does when one after the other is killed: the kubelet waits longer each time.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from typing import Any

from bundle_runtime.contract import child_process

KILLS_MAX = 5  # within
KILLS_SECONDS = 10.0


def fork_server() -> int:
    """Returns in each process that serves, with how many were killed before it. The parent exits with the exit code of
    the last one, or 128 and the signal that killed it."""
    if not sys.platform.startswith("linux"):
        return 0
    asked_to_end: list[int] = []

    def pass_on(serving: int, received: Any) -> None:
        asked_to_end.append(received.si_signo)
        os.kill(serving, received.si_signo)

    blocked = child_process.take_signals()
    killed_at: deque[float] = deque(maxlen=KILLS_MAX)
    restarts = 0
    while True:
        serving = child_process.fork(blocked)
        if serving == 0:
            os.setpgid(0, 0)  # what is sent to the group comes once: from the parent
            return restarts
        status = child_process.watch(serving, pass_on)
        if asked_to_end or not os.WIFSIGNALED(status):
            os._exit(child_process.exit_code(status))
        killed_at.append(time.monotonic())
        why = f"server: the process that serves ({serving}) was killed by {_name(os.WTERMSIG(status))}"
        if len(killed_at) == KILLS_MAX and killed_at[-1] - killed_at[0] < KILLS_SECONDS:
            _say(f"{why}, as {KILLS_MAX} were within {KILLS_SECONDS:g} s: the container ends, to be started again")
            os._exit(child_process.exit_code(status))
        restarts += 1
        _say(f"{why}: another one takes its place (restart {restarts}), the worker keeps its model")


def _name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:  # a real-time signal
        name = f"signal {number}"
    return f"{name} (often the kernel, for want of memory)" if number == signal.SIGKILL else name


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
