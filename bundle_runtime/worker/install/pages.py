"""What an index's page of a package offers, and whether any of it can be used by this Python on this machine."""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import NamedTuple

from bundle_runtime.worker.install.pep440 import Version, fits, parsed

_SDIST = (".tar.gz", ".zip", ".tar.bz2", ".tgz")
_SHOWN = 5


class Release(NamedTuple):
    """One file of a page: its version, the Python it asks for, and its name."""

    version: str
    python: str
    file: str


def releases(page: bytes) -> list[Release]:
    """The files of a page in the form of PEP 691 (JSON) or PEP 503 (HTML); what cannot be read is left out."""
    text = page.decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        try:
            listed = [(entry["filename"], entry.get("requires-python") or "") for entry in json.loads(text)["files"]]
        except (ValueError, KeyError, TypeError):
            return []
    else:
        reader = _Links()
        reader.feed(text)
        listed = [(name.strip(), python) for name, python in reader.found]
    return [Release(version, python, name) for name, python in listed if (version := _version(name))]


def not_usable(requirement: str, specifier: str, offered: Iterable[Release], index: str) -> str | None:
    """Why none of the files can be what is asked for, and what to do; None when one may be."""
    offered = list(offered)
    fitting = [release for release in offered if _fits(release.version, specifier)]
    if not fitting:
        usable = [release for release in offered if _fits(platform.python_version(), release.python)] or offered
        versions = sorted({release.version for release in usable}, key=lambda text: Version(text).key, reverse=True)
        has = f"which has {', '.join(versions[:_SHOWN])}" if versions else "which lists no file of it"
        more = f" and {len(versions) - _SHOWN} older ones" if len(versions) > _SHOWN else ""
        return f"{requirement} is not at the index {index}, {has}{more}: ask for a version that is there"
    here = platform.python_version()
    fitting_python = [release for release in fitting if _fits(here, release.python)]
    if not fitting_python:
        newest = max(fitting, key=lambda release: Version(release.version).key)
        return (
            f"{requirement} needs Python {newest.python}, the image has {here}: ask for a version that still supports "
            "it, or take an image with such a Python"
        )
    if not any(_may_install(release.file) for release in fitting_python):
        tags = sorted({"-".join(release.file[:-4].split("-")[-3:]) for release in fitting_python})
        return (
            f"{requirement} has no file for Python {here} on {sys.platform} {platform.machine()}, and no source to "
            f"build: there are {', '.join(tags[:_SHOWN])}. Ask for another version, or take another image"
        )
    return None


def _fits(version: str, specifier: str) -> bool:
    try:
        return fits(version, specifier.replace(" ", ""))
    except ValueError:
        return True  # not ours to judge


def _version(name: str) -> str:
    """The version in a file's name; "" for what is neither a wheel nor a source."""
    text = ""
    if name.endswith(".whl"):
        text = name.split("-")[1] if name.count("-") >= 4 else ""
    else:
        for suffix in _SDIST:
            if name.endswith(suffix):
                text = name[: -len(suffix)].rpartition("-")[2]
    return text if parsed(text) else ""


def _may_install(name: str) -> bool:
    """Whether the file may be for this Python and machine; in doubt it may."""
    if not name.endswith(".whl"):
        return True
    pythons, abis, platforms = (part.split(".") for part in name[:-4].split("-")[-3:])
    mine = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    stable = "abi3" in abis and any(_older(tag) for tag in pythons)
    if not stable and not any(tag in ("py3", f"py{mine[2:]}", mine) for tag in pythons):
        return False
    if sys.platform != "linux":
        return True
    machine = platform.machine()
    return any(tag == "any" or (tag.startswith(("manylinux", "linux")) and tag.endswith(machine)) for tag in platforms)


def _older(tag: str) -> bool:
    match = re.fullmatch(r"cp3(\d+)", tag)
    return match is not None and int(match.group(1)) <= sys.version_info[1]


class _Links(HTMLParser):
    """The links of a page: each one's text, and its data-requires-python."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._python: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._python = dict(attrs).get("data-requires-python") or ""

    def handle_data(self, data: str) -> None:
        if self._python is not None and data.strip():
            self.found.append((data, self._python))
            self._python = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._python = None
