"""The package indexes as uv's own variables name them: where they are, whom they know, and what must not be shown."""

from __future__ import annotations

import netrc
import os
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

PYPI = "https://pypi.org/simple"
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)=(?P<url>.+)", re.DOTALL)


class Index(NamedTuple):
    """One index: its name where it has one, its URL without user and password, and these, ("", "") where none is."""

    name: str
    url: str
    user: str
    password: str


def indexes(environment: Mapping[str, str] = os.environ) -> list[Index]:
    """In the order in which uv asks them: the first that has a package is the only one that is asked for it."""
    listed = [*environment.get("UV_INDEX", "").split(), *environment.get("UV_EXTRA_INDEX_URL", "").split()]
    listed.append(environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL") or PYPI)
    return [_index(text, environment) for text in listed]


def index_name(environment: Mapping[str, str] = os.environ) -> str:
    """The indexes as a failure's message shows them: without user and password."""
    found = indexes(environment)
    if [index.url for index in found] == [PYPI]:
        return "PyPI (no index of your own is set)"
    return ", ".join(index.url for index in found)


def credentials_for(url: str, environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """User and password for a URL: its own, those of the index on the same host, or those of netrc; as uv does."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        return unquote(parts.username or ""), unquote(parts.password or "")
    host = _host(url)
    for index in indexes(environment):
        if (index.user or index.password) and _host(index.url) == host:
            return index.user, index.password
    try:
        found = netrc.netrc(environment.get("NETRC") or None).authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2] or "") if found else None


def without_user(url: str) -> str:
    """The URL without user and password, and without what a signed one has in its query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def without_secrets(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text without user and password in any URL, and without the passwords that the indexes are given."""
    text = re.sub(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@`'\"]+@", r"\1", text, flags=re.IGNORECASE)
    for index in indexes(environment):
        if len(index.password) > 3:  # a shorter one would take letters out of words
            text = text.replace(index.password, "****")
    return text


def _index(text: str, environment: Mapping[str, str]) -> Index:
    match = _NAMED.fullmatch(text)
    name, url = (match["name"], match["url"]) if match and "://" not in match["name"] else ("", text)
    parts = urlsplit(url)
    key = re.sub(r"[^A-Z0-9]", "_", name.upper())
    user = environment.get(f"UV_INDEX_{key}_USERNAME", "") if name else ""
    password = environment.get(f"UV_INDEX_{key}_PASSWORD", "") if name else ""
    if parts.username or parts.password:
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Index(name, without_user(url), user, password)


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
