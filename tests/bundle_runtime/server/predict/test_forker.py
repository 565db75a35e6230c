"""The process that forks those which read: each is its child and not the server's, and none outlives its use."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from bundle_runtime.server.predict.forker import Forker

MODULE = "bundle_runtime.server.protocols.v1"
PATIENCE = 30.0


def reads(sock: socket.socket, payload: int) -> NoReturn:
    """Says who it is and whose child, writes what it is told to the payload, and ends with that for its exit code."""
    sock.sendall(f"{os.getpid()} {os.getppid()}".encode())
    said = sock.recv(1)
    os.write(payload, said)
    os._exit(said[0] if said else 0)


@pytest.fixture
def forker() -> Iterator[Forker]:
    forker = Forker(reads)
    forker.begin()
    yield forker
    forker._forget()


def started(forker: Forker) -> tuple[socket.socket, int, int]:
    sock, _ = forker.start(MODULE)
    sock.settimeout(PATIENCE)
    pid, parent = sock.recv(100).split()
    return sock, int(pid), int(parent)


def ends(sock: socket.socket) -> None:
    assert sock.recv(1) == b""
    sock.close()


def test_each_is_the_child_of_the_one_that_was_forked_first(forker: Forker) -> None:
    pids = set()
    for code in (7, 8):
        sock, pid, parent = started(forker)
        pids.add(pid)
        assert parent == forker._pid
        sock.sendall(bytes((code,)))
        ends(sock)
        assert forker.exit_code() == code
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert len(pids) == 2


def test_what_it_writes_is_seen_here(forker: Forker) -> None:
    sock, payload = forker.start(MODULE)
    sock.settimeout(PATIENCE)
    sock.recv(100)
    sock.sendall(b"a")
    ends(sock)
    assert payload[:2] == b"a\0"


def test_one_that_is_killed_ends_and_to_kill_it_twice_harms_no_other(forker: Forker) -> None:
    sock, *_ = started(forker)
    forker.kill()
    ends(sock)
    forker.kill()
    assert forker.exit_code() == -signal.SIGKILL
    sock, *_ = started(forker)
    sock.sendall(b"a")
    ends(sock)
    assert forker.exit_code() == ord("a")


def test_where_the_one_that_forks_was_killed_so_are_those_that_read_and_another_takes_its_place(forker: Forker) -> None:
    sock, _, parent = started(forker)
    os.kill(parent, signal.SIGKILL)
    ends(sock)
    assert forker.exit_code() == -signal.SIGKILL
    sock, _, another = started(forker)
    assert another != parent
    os.kill(another, signal.SIGKILL)
    ends(sock)
    sock, *_ = started(forker)  # it is only now seen that there is none
    sock.close()


def test_where_the_one_that_forks_stands_still_another_takes_its_place_and_none_is_left(forker: Forker) -> None:
    sock, pid, first = started(forker)
    os.kill(pid, signal.SIGSTOP)
    os.kill(first, signal.SIGSTOP)
    forker.kill()
    forker.end()
    sock.close()
    for _ in range(2):
        another, _, parent = started(forker)
        another.sendall(b"a")
        ends(another)
        assert (forker.exit_code(), parent != first) == (ord("a"), True)
    assert not Path(f"/proc/{first}").exists()
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:  # whoever it is that waits for it now
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()
