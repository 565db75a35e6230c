"""A small process that forks the ones that read large bodies, in the server's place.

To fork takes as long as there are pages: 12 ms of a server that holds 480 MiB, in which nobody is served, and a fault
for each page that it writes to afterwards. This one is forked from the server before there are clients, and waits; it
has the compiled schemas, and no request.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import mmap
import os
import select
import signal
import socket
import stat
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn

from bundle_runtime.contract import child_process, wire

PAYLOAD_BYTES = wire.MAX_BODY
NO_PROCESS = 1000  # in place of an exit code
_READ, _KILL = b"r", b"k"
_STATUS = struct.Struct(">i")
_ENDED_BY = (signal.SIGTERM, signal.SIGINT)

# the life of a process that reads: it has its socket, and the file of the pages for what it has read
Run = Callable[[socket.socket, int], NoReturn]


class Forker:
    """The server's side: one process at a time."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pid = 0
        self._socket: socket.socket | None = None
        self._left: list[int] = []  # killed, and perhaps not waited for yet

    def begin(self) -> socket.socket:
        """Forks the small process. OSError when there is none to be had."""
        ours, theirs = socket.socketpair()
        try:
            pid = child_process.fork(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
            if pid == 0:
                _wait(theirs, self._run)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._pid, self._socket = pid, ours
        return ours

    def start(self, module: str) -> tuple[socket.socket, mmap.mmap]:
        """A process that has that module: its socket, which ends as it does, and where its payload will be. OSError
        when there is none to be had."""
        self._left = [pid for pid in self._left if _lives(pid)]
        ours, theirs = socket.socketpair()
        try:
            with contextlib.closing(theirs), _pages() as file:
                payload = mmap.mmap(file.fileno(), PAYLOAD_BYTES)
                name = module.encode()
                self._ask(_READ + bytes((len(name),)) + name, [theirs.fileno(), file.fileno()])
        except OSError:
            ours.close()
            raise
        ours.setblocking(False)
        return ours, payload

    def _ask(self, message: bytes, files: list[int]) -> None:
        try:
            socket.send_fds(self._socket or self.begin(), [message], files)
        except (BrokenPipeError, ConnectionResetError):  # it was killed
            self._forget()
            socket.send_fds(self.begin(), [message], files)

    def kill(self) -> None:
        """The process that reads; nothing where it has ended."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(_KILL)

    def end(self) -> None:
        """Not heeding kill() it stands still: it is killed, and with it the one that reads. Nobody waits for that."""
        if self._socket is not None:
            os.kill(self._pid, signal.SIGKILL)
            self._socket.close()
            self._socket = None
            self._left.append(self._pid)

    def exit_code(self) -> int:
        """Of the process whose socket has ended; NO_PROCESS when none could begin."""
        said = b""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                said = self._socket.recv(_STATUS.size)
        if len(said) < _STATUS.size:  # both were killed
            self._forget()
            return -signal.SIGKILL
        return int(_STATUS.unpack(said)[0])

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)


def _lives(child: int) -> bool:
    """It has not ended; where it has it is waited for."""
    try:
        return os.waitpid(child, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def _pages() -> IO[bytes]:
    """A file without a name; what is not written to takes no memory."""
    has_memfd = hasattr(os, "memfd_create")
    file = os.fdopen(os.memfd_create("payload"), "r+b") if has_memfd else tempfile.TemporaryFile()  # noqa: SIM115
    file.truncate(PAYLOAD_BYTES)
    return file


def _wait(server: socket.socket, run: Run) -> NoReturn:
    """The whole life of the small process: nothing of the server's goes on in it."""
    try:
        _forget_the_server(server.fileno())
        while True:
            said, files, _, _ = socket.recv_fds(server, 1, 2)
            if said == _READ:
                importlib.import_module(_text(server))
                status = _watched(server, run, *files)
                server.sendall(_STATUS.pack(status))  # before the other end sees that it has ended
                for each in files:
                    os.close(each)
            elif not said:
                break
    finally:
        os._exit(0)


def _text(server: socket.socket) -> str:
    length = server.recv(1)[0]
    return server.recv(length, socket.MSG_WAITALL).decode()


def _watched(server: socket.socket, run: Run, theirs: int, payload: int) -> int:
    """The exit code of a process that reads. The server has it killed here, where its number is its own."""
    ended, lives = os.pipe()
    try:
        pid = child_process.fork(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    except OSError:
        return NO_PROCESS
    else:
        if pid == 0:
            server.close()
            os.close(ended)
            run(socket.socket(fileno=theirs), payload)
        os.close(lives)
        lives = -1
        while ended not in select.select([server.fileno(), ended], (), ())[0]:
            if not server.recv(1):
                os._exit(0)  # there is no server to read for, and the process ends with this one
            os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        for each in (ended, lives):
            if each >= 0:
                os.close(each)


def _forget_the_server(kept: int) -> None:
    """Its connections end when it ends them, and a signal is this process's own end."""
    signal.set_wakeup_fd(-1)
    for number in _ENDED_BY:
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for each in {int(path.name) for path in Path("/dev/fd").iterdir()} - {0, 1, 2, kept, null}:
        with contextlib.suppress(OSError):  # that of the list itself
            if stat.S_ISFIFO(os.fstat(each).st_mode):
                os.dup2(null, each, inheritable=False)  # libuv closes its pipe in a child, by the number that it had
            else:
                os.close(each)
    os.close(null)
    gc.disable()
    gc.freeze()
