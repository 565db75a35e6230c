"""How many bytes an artifact has, as far as this machine may ask: pods have keys and a network of their own."""

from __future__ import annotations

import os
from typing import Any, Callable, Optional, Union
from urllib.parse import urlsplit

from launch.doctor.facts import Unknown
from launch.doctor.probe import not_installed, within
from launch.errors import LaunchError

SECONDS = 15.0
_TIMEOUT = 10.0


def size_at(uri: str, store: Callable[[], Any]) -> Union[int, Unknown, None]:
    """Bytes; None where it is certain that nothing lies there. `store` gives the client's own store, or raises."""
    scheme = urlsplit(uri).scheme.lower()
    size: Union[int, Unknown, None]
    try:
        if scheme == "s3":
            size = within(SECONDS, lambda: _in_store(uri, store))
            return size
        if scheme in ("http", "https"):
            size = within(SECONDS, lambda: _by_head(uri))
            return size
    except ImportError as error:
        return not_installed(error)
    except (LaunchError, OSError) as error:  # TimeoutError is one
        return Unknown(" ".join(str(error).split()))
    if scheme == "pvc":
        return Unknown("only a pod reaches a claim")
    return Unknown("it is no address that this command can ask")


def _in_store(uri: str, store: Callable[[], Any]) -> Union[int, Unknown, None]:
    """With the client's store where it is there, else with what the environment says."""
    from launch.stores.artifact_store import store_at
    from launch.stores.store_config import endpoint_of

    try:
        own = store()
    except LaunchError:
        own = None
    known = own is not None and uri.startswith(str(getattr(own, "uri", "")) or "-")
    asked: Any = own if known else store_at(f"s3://{urlsplit(uri).netloc}", endpoint_url=endpoint_of(os.environ))
    size: Optional[int] = asked.size(uri)
    if size is None and not (known or endpoint_of(os.environ)):
        return Unknown("AWS has nothing there; where pods ask another store, set AWS_ENDPOINT_URL to it")
    return size


def _by_head(uri: str) -> Union[int, Unknown, None]:
    import urllib.error
    import urllib.request

    request = urllib.request.Request(uri, method="HEAD", headers={"Accept-Encoding": "identity"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
            length = answer.headers.get("Content-Length") or ""
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            return None
        return Unknown(f"the host answers {error.code} {error.reason}")
    except (OSError, ValueError) as error:
        return Unknown(f"it cannot be reached from here: {getattr(error, 'reason', None) or error}")
    return int(length) if length.isdigit() else Unknown("the host does not say how large it is")
