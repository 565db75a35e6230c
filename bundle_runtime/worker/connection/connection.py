"""One connection to the server, as all threads of the worker send on it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading


class Connection:
    """Answers go to the connection that asked, so that after a reconnect no id is taken for another's."""

    def __init__(self, sock: socket.socket, file: os.stat_result | None = None) -> None:
        """``file``: what the socket's descriptor is, for forget()."""
        self.sock = sock
        self._file = file
        self._lock = threading.Lock()

    def send(self, data: bytes) -> None:
        """Whole frames. A lost connection is noticed by the thread that reads."""
        with self._lock:
            try:
                self.sock.sendall(data)
            except BaseException as error:  # also what a signal's handler of user code raises, TimeoutError for one
                with contextlib.suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)  # else the next frame would be taken for the rest of this one
                if not isinstance(error, OSError):
                    raise

    def beat(self, data: bytes) -> None:
        """Without waiting for a server that does not read, or a thread that sends: what that one sends is as good."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self.sock.send(data, socket.MSG_DONTWAIT)
        except OSError:
            pass
        finally:
            self._lock.release()

    def forget(self) -> None:
        """In a forked child: closes its copy of the socket, unless user code has put another file in its place."""
        self._lock = threading.Lock()  # another thread may have held it
        with contextlib.suppress(OSError):
            if self._file is not None and os.path.samestat(os.fstat(self.sock.fileno()), self._file):
                self.sock.close()
