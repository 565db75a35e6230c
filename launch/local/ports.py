"""A port of this machine that nobody else gets before a server listens on it."""

from __future__ import annotations

import socket
import sys
from typing import Tuple


def reserve(port: int = 0) -> Tuple[int, socket.socket]:
    """The port, or a free one for 0, on 127.0.0.1, and what keeps it until it is closed. OSError where it is taken.

    Linux gives it to no connection, to nobody who asks for a free one, and to a server that listens with SO_REUSEADDR,
    as ours does. Other systems would refuse that server too: there it is not kept.
    """
    keeps = socket.socket()
    try:
        keeps.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeps.bind(("127.0.0.1", port))
        bound: int = keeps.getsockname()[1]
    except OSError:
        keeps.close()
        raise
    if not sys.platform.startswith("linux"):
        keeps.close()
    return bound, keeps
