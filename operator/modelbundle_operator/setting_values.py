"""What settings about a pod's surroundings may hold. A ValueError says what is wrong; the variable is named with it."""

import re
from urllib.parse import urlsplit

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9.:*/\[\]_-]+")
_KEY = re.compile(r"[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,252}")


def object_name(value: str) -> str:
    """Of a Secret or ConfigMap."""
    if not _NAME.fullmatch(value):
        raise ValueError("must be the name of an object: lower-case letters, digits, - and .")
    return value


def config_key(value: str) -> str:
    """Of a Secret or ConfigMap."""
    if not _KEY.fullmatch(value):
        raise ValueError("must be a key of a ConfigMap: letters, digits, -, _ and .")
    return value


def proxy(value: str) -> str:
    """http://HOST:PORT. Every reader of pods reads it there, so it has no login."""
    if "@" in value:
        raise ValueError("it holds a user name or password, which everybody who may read pods could read")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be the URL of a proxy, such as http://proxy.example.com:3128")
    return value.rstrip("/")


def hosts(value: str) -> tuple[str, ...]:
    """Separated by commas: names, .domains, addresses and networks, in the order in which they were written."""
    found = tuple(dict.fromkeys(host.strip() for host in value.split(",") if host.strip()))
    if wrong := next((host for host in found if not _HOST.fullmatch(host)), None):
        raise ValueError(f"{wrong!r} is not a host: names, .domains, addresses and networks go here")
    return found
