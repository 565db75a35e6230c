"""Our own look at an index after uv has failed: what does it answer for this package, or for this file.

uv ends with 1 for a password that is asked for, a page that is missing and a conflict alike, and its words are for
people. So the page is asked for once more, with the same certificates, proxy and credentials, and the answer counts.
"""

from __future__ import annotations

import base64
import http.client
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from bundle_runtime.worker.install.indexes import credentials_for, without_secrets, without_user

try:
    import ssl
except ImportError:  # a Python that was built without OpenSSL, which uv does not need
    ssl = None  # type: ignore[assignment]

FINE = "fine"
MISSING = "missing"  # 404, 410
REFUSED = "refused"  # 401, 403
BUSY = "busy"  # 408, 425, 429, 5xx
PROXY = "proxy"
TLS = "tls"
SLOW = "slow"
AWAY = "away"  # no name, no connection
UNKNOWN = "unknown"
TROUBLE = (REFUSED, BUSY, PROXY, TLS, SLOW, AWAY)

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
_MOST = 32 << 20  # bytes of a page; torch has some 2 MB
_MOST_SECONDS = 10.0
_BUSY = (408, 425, 429)


class Answer(NamedTuple):
    """What a URL gave: the URL without credentials, one of the causes above, what was said, and the page."""

    url: str
    cause: str
    detail: str
    page: bytes = b""


def look(url: str, environment: Mapping[str, str] = os.environ, *, whole: bool = True) -> Answer:
    """GET the URL once; of a file (`whole` false) only its first byte is asked for."""
    shown = without_user(url)
    if ssl is None:
        return Answer(shown, UNKNOWN, "the image's Python has no ssl module to ask with")
    request = urllib.request.Request(_bare(url), headers={"Accept": _ACCEPT, "User-Agent": "modelbundle-install"})
    if not whole:
        request.add_header("Range", "bytes=0-0")
    known = credentials_for(url, environment)
    if known:  # not along to where it is redirected to
        token = base64.b64encode(f"{known[0]}:{known[1]}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    context = _context(url, environment)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=_seconds(environment)) as response:
            return Answer(shown, FINE, f"HTTP {response.status}", response.read(_MOST if whole else 1))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(shown, _cause(error.code), f"HTTP {error.code} {error.reason}".rstrip())
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        detail = without_secrets(str(reason) or type(reason).__name__, environment)
        return Answer(shown, _cause_of(reason, context), detail)


def _bare(url: str) -> str:
    """The URL without user and password: urllib would take them for a part of the host's name."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()


def _cause(status: int) -> str:
    if status == 407:
        return PROXY
    if status in (401, 403):
        return REFUSED
    if status >= 500 or status in _BUSY:
        return BUSY
    return MISSING if status in (404, 410) else UNKNOWN


def _cause_of(reason: object, context: ssl.SSLContext) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError) and _trusts_nothing(context):
        return UNKNOWN  # the image has no certificates of authorities; uv brings its own
    if isinstance(reason, ssl.SSLError):
        return TLS
    if isinstance(reason, socket.timeout):  # TimeoutError since Python 3.10
        return SLOW
    if "Tunnel connection failed" in str(reason):
        return PROXY
    return AWAY


def _context(url: str, environment: Mapping[str, str]) -> ssl.SSLContext:
    """With SSL_CERT_FILE, which the ssl module itself reads; without a check where uv is told to make none."""
    context = ssl.create_default_context()
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if {host, parts.hostname} & set(environment.get("UV_INSECURE_HOST", "").replace(",", " ").split()):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trusts_nothing(context: ssl.SSLContext) -> bool:
    paths = ssl.get_default_verify_paths()
    return not context.get_ca_certs() and not (paths.capath and os.listdir(paths.capath))


def _seconds(environment: Mapping[str, str]) -> float:
    try:
        return min(float(environment.get("UV_HTTP_TIMEOUT") or _MOST_SECONDS), _MOST_SECONDS)
    except ValueError:
        return _MOST_SECONDS
