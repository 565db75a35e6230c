"""A port that is reserved goes to the server that is about to listen on it, and to nobody else."""

from __future__ import annotations

import socket
import sys

import pytest

from launch.local.ports import reserve


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux keeps it")
def test_a_server_may_listen_on_it_and_nobody_else_gets_it() -> None:
    port, keeps = reserve()
    with keeps:
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with (
            socket.create_server(("127.0.0.1", port)) as server,
            socket.create_connection(("127.0.0.1", port)) as client,
        ):
            assert server.accept()[1] == client.getsockname()


def test_one_that_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        reserve(taken.getsockname()[1])
