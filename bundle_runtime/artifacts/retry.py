"""What all stores share: how an address is shown, what is worth another try, and when the disk is too small."""

from __future__ import annotations

import errno
import ipaddress
import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from bundle_runtime.contract.layout import CERTIFICATES_VARIABLE
from bundle_runtime.contract.report import INVALID_VALUE, STORE_UNREACHABLE, RuntimeFailure, fail

TRIES = 5
FIRST_PAUSE_SECONDS = 0.5
CHUNK_BYTES = 1 << 20
DISK_RESERVE_BYTES = 64 << 20  # left free for the worker's files and the sockets

DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HOW_TO_GET_ROOM = "Ask for more with serving.resources.ephemeralStorage, or free the node's disk."

Result = TypeVar("Result")


class TransientError(Exception):
    """Worth another try; after the last one it is the failure it carries."""

    def __init__(self, failure: RuntimeFailure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def unreachable(message: str) -> TransientError:
    return TransientError(fail(STORE_UNREACHABLE, message))


def retried(action: Callable[[], Result]) -> Result:
    """Run the action, again with growing pauses while it fails for a reason that may pass."""
    for tried in range(1, TRIES + 1):
        try:
            return action()
        except TransientError as error:
            if tried == TRIES:
                raise fail(error.failure.reason, f"{error.failure.message} (tried {TRIES} times)") from error
            pause = FIRST_PAUSE_SECONDS * 2 ** (tried - 1) * random.uniform(0.75, 1.25)
            print(f"{error.failure.message}; trying again in {pause:.1f} s", file=sys.stderr, flush=True)
            time.sleep(pause)
    raise AssertionError("unreachable: the last try returns or raises")


def shown(uri: str) -> str:
    """The address without what must not stand in a log: user, password and the query (a signed URL's secret)."""
    parts = urlsplit(uri)
    if not parts.scheme or not parts.netloc:
        return uri
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def no_address(uri: str, why: str) -> RuntimeFailure:
    """The failure of an address that no store can ever have; it stands in the bundle, which cannot be changed."""
    return fail(
        INVALID_VALUE,
        f"{shown(uri)} {why}: upload the artifact and use its address, s3://BUCKET/KEY or https://HOST/PATH. That of a "
        "bundle (spec.bundle.artifact.uri) cannot be changed: create a corrected one under a new name.",
    )


def private_authority(variable: str) -> str:
    """What to do about a certificate of an authority of one's own."""
    if origin := os.environ.get(CERTIFICATES_VARIABLE):
        return f"The authorities of {origin} of the bundle's namespace are trusted: add the one that has signed it."
    return (
        "For an authority of your own: pods trust the certificates of the ConfigMap that the operator's setting "
        "caConfigMap names (those that are rolled out already, with a new serving.rollout.token); on this machine name "
        f"the file in {variable}."
    )


def reach(url: str) -> str:
    """What to add to the words about an address that does not answer, where its host is of no use to a pod."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else "0.0.0.0")
    if address.is_loopback:
        return f"; {host} is the machine or the pod itself: name the store by an address that pods reach"
    if address.is_link_local:
        return f"; {host} is known on one node alone (link-local): name the store by an address that pods reach"
    return ""


def by_proxy(url: str) -> str:
    """What to add to the words about an address that is asked through a proxy of the environment."""
    import urllib.request  # which botocore and the HTTPS store import anyway

    parts = urlsplit(url)
    used = urllib.request.getproxies().get(parts.scheme)
    if not used or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    return f"; it was asked through the proxy {shown(used)}, which hosts in NO_PROXY are not (for pods: noProxy)"


def need_room(directory: Path, size: int, what: str) -> None:
    """Fail before the disk is full: a full node disk evicts other pods too."""
    free = shutil.disk_usage(directory).free
    if size + DISK_RESERVE_BYTES > free:
        raise fail(
            STORE_UNREACHABLE,
            f"no room for {what}: it takes {size} bytes, {max(free - DISK_RESERVE_BYTES, 0)} are free below "
            f"{directory}. {_HOW_TO_GET_ROOM}",
        )


def disk_full(directory: Path, error: OSError) -> RuntimeFailure:
    """There was room when it was looked for; another pod, or many small files, took it."""
    return fail(STORE_UNREACHABLE, f"the disk is full below {directory} ({error.strerror}). {_HOW_TO_GET_ROOM}")
