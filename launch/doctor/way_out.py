"""Asks package indexes and proxies: in a pod as pods of bundles do, by the operator's settings of proxies and
certificates; elsewhere as this machine does."""

from __future__ import annotations

import socket
import ssl
import urllib.error
import urllib.request
from typing import Dict, List, Mapping, Optional
from urllib.parse import urlsplit

from launch.doctor.certificates import without_comments
from launch.doctor.facts import IndexAnswer

SECONDS = 5.0
PYPI = "https://pypi.org/simple"
# what pods never ask a proxy for; tests compare it with what the operator renders
NEVER_BY_PROXY = (
    "localhost", "127.0.0.1", "::1", ".svc", ".cluster.local", "169.254.169.254", "169.254.170.2", "169.254.170.23",
)  # fmt: skip


def index_urls(settings: Mapping[str, str]) -> List[str]:
    """In the order in which they are asked."""
    return [*_listed(settings, "EXTRA_PACKAGE_INDEXES"), settings.get("PACKAGE_INDEX") or PYPI]


def tried_proxies(settings: Mapping[str, str], seconds: float = SECONDS) -> Dict[str, str]:
    """By their URLs: "" where one takes a connection, else why not."""
    urls = dict.fromkeys(settings[name] for name in ("HTTPS_PROXY", "HTTP_PROXY") if settings.get(name))
    return {url: _tried_connection(url, seconds) for url in urls}


def _tried_connection(url: str, seconds: float) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), seconds):
            return ""
    except (OSError, ValueError) as error:
        return str(error)


def tried_index(url: str, settings: Optional[Mapping[str, str]], trusted: str, seconds: float = SECONDS) -> IndexAnswer:
    """With `settings` as a pod asks; `trusted` are the certificates for it, "" for those of this machine."""
    shown = url.rpartition("@")[2] if "@" in url else url
    try:
        handlers: List[urllib.request.BaseHandler] = []
        if trusted:
            handlers.append(
                urllib.request.HTTPSHandler(context=ssl.create_default_context(cadata=without_comments(trusted)))
            )
        if settings is not None:
            handlers.append(urllib.request.ProxyHandler(_proxies_for(url, settings)))
        request = urllib.request.Request(url.rstrip("/") + "/pip/", headers={"User-Agent": "model-bundles"})
        with urllib.request.build_opener(*handlers).open(request, timeout=seconds) as answer:
            return IndexAnswer(shown, answer.status)
    except urllib.error.HTTPError as error:
        return IndexAnswer(shown, error.code)
    except (OSError, ValueError) as error:
        return IndexAnswer(shown, 0, str(getattr(error, "reason", error)))


def _proxies_for(url: str, settings: Mapping[str, str]) -> Dict[str, str]:
    """The proxies of pods, unless the host is one that they ask without."""
    own = {"no": ",".join((*NEVER_BY_PROXY, *_listed(settings, "NO_PROXY")))}
    if urllib.request.proxy_bypass_environment(urlsplit(url).netloc, own):  # type: ignore[attr-defined]
        return {}
    named = {"http": settings.get("HTTP_PROXY", ""), "https": settings.get("HTTPS_PROXY", "")}
    return {scheme: proxy for scheme, proxy in named.items() if proxy}


def _listed(settings: Mapping[str, str], name: str) -> List[str]:
    return [item.strip() for item in settings.get(name, "").split(",") if item.strip()]
