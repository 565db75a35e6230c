"""An artifact by HTTPS: one stream, hashed while it is written. For large artifacts use a store that takes ranges."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

from bundle_runtime.artifacts.fetched import Fetched
from bundle_runtime.artifacts.retry import (
    CHUNK_BYTES,
    TransientError,
    by_proxy,
    need_room,
    private_authority,
    reach,
    retried,
    shown,
    unreachable,
)
from bundle_runtime.contract.report import (
    ARTIFACT_NOT_FOUND,
    STORE_ACCESS_DENIED,
    STORE_UNREACHABLE,
    RuntimeFailure,
    fail,
)

TIMEOUT_SECONDS = 30
TRANSIENT_STATUS = (408, 425, 429)


def fetch_https(uri: str, target: Path) -> Fetched:
    """Write the artifact to target and hash it on the way; a RuntimeFailure says why it could not be had."""
    return retried(lambda: _once(uri, target))


def _once(uri: str, target: Path) -> Fetched:
    started = time.monotonic()
    sha256, done = hashlib.sha256(), 0
    try:
        with open_https(uri) as answer, target.open("wb") as file:
            expected = int(answer.headers.get("Content-Length") or 0)
            need_room(target.parent, expected, shown(uri))
            while block := answer.read(CHUNK_BYTES):
                sha256.update(block)
                done += file.write(block)
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise unreachable(f"{shown(uri)} broke off after {done} bytes: {error}") from error
    if expected and done != expected:
        raise unreachable(f"{shown(uri)} ended after {done} of {expected} bytes")
    return Fetched(done, sha256.hexdigest(), {"download": time.monotonic() - started, "verify": 0.0})


def open_https(uri: str) -> http.client.HTTPResponse:
    """The answer's start, with status 200; else the reason."""
    request = urllib.request.Request(uri, headers={"User-Agent": "modelbundle", "Accept-Encoding": "identity"})
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        raise _refused(uri, error.code, error.reason) from error
    except urllib.error.URLError as error:
        raise _broken(uri, error.reason) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise unreachable(f"{shown(uri)} broke off before its answer: {error}") from error
    return answer


def _refused(uri: str, status: int, reason: str) -> RuntimeFailure | TransientError:
    said = f"{shown(uri)} answered {status} {reason}"
    if status in (401, 403):
        return fail(STORE_ACCESS_DENIED, f"{said}: the address needs a login, or a signed URL has expired")
    if status in TRANSIENT_STATUS or status >= 500:
        return unreachable(said)
    return fail(ARTIFACT_NOT_FOUND, said)


def _broken(uri: str, reason: object) -> RuntimeFailure | TransientError:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return fail(
            STORE_UNREACHABLE,
            f"the certificate of {shown(uri)} is not trusted: {reason.verify_message}. "
            f"{private_authority('SSL_CERT_FILE')}",
        )
    return unreachable(f"cannot reach {shown(uri)}: {reason}{reach(uri)}{by_proxy(uri)}")
