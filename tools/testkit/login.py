"""Where the API server is and who asks, by a kubeconfig: for what speaks to it without kubectl.

Read are those with everything inline, as the local cluster writes them: a client certificate, a token, or neither.
What leads elsewhere (a file, a program that logs in, a proxy, another's name) is a LoginElsewhere: kubectl can do it.
"""

from __future__ import annotations

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import yaml

_CLUSTER = {"server", "certificate-authority-data", "extensions"}
_USER = {"client-certificate-data", "client-key-data", "token", "extensions"}


class LoginElsewhere(Exception):
    """The kubeconfig says more than is read here."""


class Login(NamedTuple):
    """What a kubeconfig says of its current context."""

    server: str
    tls: ssl.SSLContext | None
    headers: dict[str, str]
    namespace: str


def login(kubeconfig: Path) -> Login:
    try:
        document = yaml.safe_load(kubeconfig.read_text())
        context = _named(document, "contexts", document["current-context"])["context"]
        cluster = _named(document, "clusters", context["cluster"])["cluster"]
        user = _named(document, "users", context["user"]).get("user") or {}
        server = cluster["server"].rstrip("/")
        more = (cluster.keys() - _CLUSTER) | (user.keys() - _USER)
        tls = _tls(cluster, user) if server.startswith("https:") and not more else None
    except (OSError, yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise LoginElsewhere(f"{kubeconfig} cannot be read: {error!r}") from error
    if more:
        raise LoginElsewhere(f"{kubeconfig} has {', '.join(sorted(more))}, which kubectl alone knows how to use")
    if _is_behind_a_proxy(server):
        raise LoginElsewhere(f"{server} is reached through a proxy")
    headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
    return Login(server, tls, headers, context.get("namespace") or "default")


def _named(document: Any, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {each["name"]: each for each in document[kind]}[name]
    return found


def _is_behind_a_proxy(server: str) -> bool:
    """As Go has it: this machine itself is never reached through one."""
    place = urlsplit(server)
    if place.hostname in ("localhost", "127.0.0.1", "::1"):
        return False
    return place.scheme in getproxies_environment() and not proxy_bypass(place.netloc)


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    authority = cluster.get("certificate-authority-data")
    tls = ssl.create_default_context(cadata=base64.b64decode(authority).decode() if authority else None)
    if "client-certificate-data" in user:
        with tempfile.TemporaryDirectory() as directory:  # OpenSSL takes them from files alone
            files = [Path(directory) / name for name in ("certificate", "key")]
            for file, field in zip(files, ("client-certificate-data", "client-key-data"), strict=True):
                file.write_bytes(base64.b64decode(user[field]))
            tls.load_cert_chain(str(files[0]), str(files[1]))
    return tls
