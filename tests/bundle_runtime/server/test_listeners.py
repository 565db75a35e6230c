"""The sockets outlive the process that serves, and take nobody any more once they are stopped."""

from __future__ import annotations

import socket

import pytest

from bundle_runtime.server.listeners import listen


def test_who_connects_waits_until_somebody_accepts() -> None:
    listeners = listen("127.0.0.1", 0, 0)
    with socket.create_connection(("127.0.0.1", listeners.port), timeout=60) as client:
        served, _ = listeners.clients[0].accept()
        with served:
            served.sendall(b"late")
            assert client.recv(10) == b"late"
    assert [sock.getsockname()[0] for sock in listeners.probes] == ["127.0.0.1"]
    listeners.stop()


def test_a_stopped_one_refuses_although_another_process_has_it_too() -> None:
    listeners = listen("127.0.0.1", 0, None)
    with listeners.clients[0].dup():
        listeners.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", listeners.port), timeout=60)
    assert listeners.probes == []


def test_without_a_host_all_addresses_of_the_machine() -> None:
    listeners = listen(None, 0, None)
    families = {sock.family for sock in listeners.clients}
    assert socket.AF_INET in families
    assert len(families) == len(listeners.clients)
    listeners.stop()


def test_an_address_that_is_taken_is_named() -> None:
    listeners = listen("127.0.0.1", 0, None)
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1 port {listeners.port}: Address already in use"):
        listen("127.0.0.1", listeners.port, None)
    listeners.stop()
