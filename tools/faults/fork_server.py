"""Starts operators as processes of their own in a moment: what they import is imported once, then forked.

A process of its own can be killed as a machine that fails would kill it, at any instruction; a thousand of them that
each import for a second would take half an hour. A command is a line of JSON on standard input, its answer a line on
standard output: {"env": {...}, "log": FILE} -> {"pid": N}; and {"ended": PID, "code": N} when one has ended.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import selectors
import signal
import sys
import traceback
from typing import Any

_PR_SET_PDEATHSIG = 1
_IMPORTED_BY = "modelbundle_operator.__main__"


def main() -> None:
    __import__(_IMPORTED_BY)
    gc.freeze()  # what was imported stays one copy in memory
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer)
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin.buffer, selectors.EVENT_READ)
        selector.register(reader, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == reader:
                    os.read(reader, 4096)
                    _reap()
                    continue
                line = sys.stdin.buffer.readline()
                if not line:
                    return
                _say(pid=_start(json.loads(line)))


def _start(command: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        # of a campaign that is killed nothing stays behind
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(number, target)
        for name in [name for name in os.environ if name.startswith("MODELBUNDLE_")]:
            del os.environ[name]
        os.environ.update(command["env"])
        from modelbundle_operator.__main__ import main as operator

        code = operator()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say(ended=pid, code=os.waitstatus_to_exitcode(status))


def _say(**what: int) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
