"""Credentials go over TLS, or stay on this machine."""

from __future__ import annotations

import pytest

from launch import LaunchClient
from launch.cluster.plain_http import refuse_plain_http
from launch.errors import APIError


@pytest.mark.parametrize(
    "server",
    ["https://k8s.example.com", "http://localhost:8001", "http://127.0.0.9", "http://[::1]:80", "http://a.localhost"],
)
def test_what_may_be_asked_with_a_token(server: str) -> None:
    refuse_plain_http(server, {})


@pytest.mark.parametrize(
    "server", ["http://k8s.example.com", "http://10.0.0.1:6443", "http://localhost.example.com", "http://0.0.0.0"]
)
def test_what_may_not(server: str) -> None:
    with pytest.raises(APIError, match=r"without encryption.*https://.*LAUNCH_ALLOW_HTTP=1"):
        refuse_plain_http(server, {"LAUNCH_ALLOW_HTTP": "0"})
    refuse_plain_http(server, {"LAUNCH_ALLOW_HTTP": "1"})


def test_a_client_sends_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAUNCH_ALLOW_HTTP", raising=False)
    with pytest.raises(APIError, match="without encryption") as refused:
        LaunchClient("sekret", "http://k8s.invalid:8001").list_model_bundles()  # a name that nothing has
    assert "sekret" not in str(refused.value)
