"""A token is not sent unencrypted over a network, where each machine on the way could take it. Pure."""

from __future__ import annotations

import ipaddress
from typing import Mapping
from urllib.parse import urlsplit

from launch.errors import APIError

ALLOW = "LAUNCH_ALLOW_HTTP"


def refuse_plain_http(server: str, environment: Mapping[str, str]) -> None:
    """APIError for a server at http:// on another machine, unless LAUNCH_ALLOW_HTTP is 1."""
    parts = urlsplit(server)
    if parts.scheme != "http" or is_loopback(parts.hostname or "") or environment.get(ALLOW) == "1":
        return
    raise APIError(
        0,
        f"the API server {server} is asked without encryption, and credentials would be readable on the way: write "
        f"https://, or allow it with {ALLOW}=1 where the network between is trusted",
        "PlainHttp",
    )


def is_loopback(host: str) -> bool:
    """Whether it is this machine, whatever a name server says."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
