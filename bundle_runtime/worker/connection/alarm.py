"""An alarm that needs no interpreter lock: it writes every thread's stack and ends the process, unless it is set again.

A call into C that never gives the lock back stops every thread of Python, so nothing written in Python could tell. A
timer of the kernel can: its signal is handled in C, where faulthandler writes the stacks and the C library's _exit ends
the process, as for process 1 of a container no signal's default does. Not faulthandler.dump_traceback_later(): there is
one of it for a process, and user code may want it; before Python 3.11 it counts on the wall clock, which jumps; and a
child that was forked hangs as it ends. A timer is inherited by no child and counts on the monotonic clock.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
from typing import Any

SIGNAL = signal.SIGRTMIN + 20 if hasattr(signal, "SIGRTMIN") else 0  # beyond those that libraries take from either end
_MONOTONIC = 1
_STDERR = 2


class Alarm:
    """``set`` may be called from any thread. Nothing where the C library has no timers, or Python no ctypes."""

    def __init__(self) -> None:
        self._ctypes: Any = None
        self._settime: Any = None
        self._timer: Any = None
        try:
            self._make()
        except (ImportError, AttributeError, OSError, TypeError, ValueError) as error:
            print(f"worker: no alarm for calls that hold the interpreter lock: {error}", file=sys.stderr, flush=True)

    def _make(self) -> None:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        try:
            create, settime = library.timer_create, library.timer_settime
        except AttributeError:  # a part of librt before glibc 2.34
            realtime = ctypes.CDLL("librt.so.1", use_errno=True)
            create, settime = realtime.timer_create, realtime.timer_settime
        timer = ctypes.c_void_p()
        event = (ctypes.c_int * 16)()  # struct sigevent: a value of two words, the signal, SIGEV_SIGNAL
        event[ctypes.sizeof(ctypes.c_void_p) // ctypes.sizeof(ctypes.c_int)] = SIGNAL
        library.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
        library.signal.restype = ctypes.c_void_p
        library.signal(SIGNAL, ctypes.cast(library._exit, ctypes.c_void_p))  # with the signal's number as its status
        # before it, as what is chained is what is there now
        faulthandler.register(SIGNAL, file=_STDERR, all_threads=True, chain=True)
        if create(_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)) != 0:
            raise OSError(ctypes.get_errno(), "timer_create")
        self._ctypes, self._settime, self._timer = ctypes, settime, timer

    def set(self, seconds: float) -> None:
        """From now on; 0: never."""
        if self._timer is None:
            return
        # struct itimerspec: no interval, then seconds and nanoseconds
        value = (self._ctypes.c_long * 4)(0, 0, int(seconds), int(seconds % 1 * 1e9))
        self._settime(self._timer, 0, self._ctypes.byref(value), None)
