"""The sockets that clients and probes connect to: bound before anything else, kept while processes that serve come and
go."""

from __future__ import annotations

import contextlib
import socket
from typing import NamedTuple

BACKLOG = 4096  # connections that wait while nothing serves: as many as a server of 1 GiB has at once
PROBE_BACKLOG = 128


class Listeners(NamedTuple):
    """``probes`` is empty where probes have no port of their own."""

    clients: list[socket.socket]
    probes: list[socket.socket]

    @property
    def port(self) -> int:
        """That clients connect to."""
        return min(int(sock.getsockname()[1]) for sock in self.clients)

    def stop(self) -> None:
        """From now on whoever connects is refused, although the parent holds the sockets too."""
        for sock in (*self.clients, *self.probes):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RD)


def listen(host: str | None, port: int, probe_port: int | None) -> Listeners:
    """On all addresses of the host; of the machine for None. OSError says which one cannot be had."""
    probes = [] if probe_port is None else _bound(host, probe_port, PROBE_BACKLOG)
    return Listeners(_bound(host, port, BACKLOG), probes)


def _bound(host: str | None, port: int, backlog: int) -> list[socket.socket]:
    # as bytes: for a text Python imports its codec for international names
    name = host.encode() if host else None
    addresses = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    found = []
    for family, kind, protocol, _, address in dict.fromkeys(addresses):
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError:  # the machine has no IPv6
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.bind(address)
            sock.listen(backlog)
        except OSError as error:
            raise OSError(f"cannot listen on {host or family.name} port {port}: {error.strerror}") from error
        found.append(sock)
    if not found:
        raise OSError(f"cannot listen on port {port}: the machine has none of the addresses {addresses}")
    return found
