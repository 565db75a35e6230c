"""The bundle's requirement entries: what may stand in them, and what of a resolution is left to install. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from bundle_runtime.contract.report import INSTALL_FAILED, fail
from bundle_runtime.worker.install.image_packages import normalised

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)", re.DOTALL)
_REFERENCE = re.compile(r"(?:\[[^\]]*\])?\s*@\s*(\S*)")
_OPTION = re.compile(r"(^|\s)-")
_COMMENT = re.compile(r"(^|\s+)#.*")  # as in a requirements file: an URL may have a # within
EXAMPLE = "An entry is one PEP 508 requirement, for example scikit-learn==1.5.2"


def check_entries(entries: Iterable[str]) -> list[str]:
    """The entries, when each is one PEP 508 requirement; InstallFailed names the first that is not.

    Options (-r, --index-url, -e) are refused: they would let a bundle bring its own index or read files of the image,
    and the digest would no longer say what is asked for. A direct reference must be http(s): a path or a git
    repository is not what another cluster would find.
    """
    checked = []
    for index, entry in enumerate(entries):
        text = without_comment(entry)
        if not text:
            continue
        refused = problem(text)
        if refused:
            raise fail(INSTALL_FAILED, f"requirements[{index}] is {entry!r}: {refused}. {EXAMPLE}; make a new bundle.")
        checked.append(text)
    return checked


def without_comment(entry: str) -> str:
    """The entry as a line of a requirements file is read."""
    return _COMMENT.sub("", entry, count=1).strip()


def problem(text: str) -> str | None:
    """Why this is refused, whatever package it names; the syntax is not looked at."""
    if "\n" in text or "\r" in text:
        return "it has more than one line"
    if _OPTION.search(text):
        return "options of pip are not allowed; the package index is the operator's setting"
    match = _NAME.match(text)
    if match is None or "://" in text.split("@")[0] or match.group(2).startswith(("/", "\\", ":")):
        return "a path or a URL needs a name before it (name @ https://...)"
    reference = _REFERENCE.match(match.group(2))
    if reference and not reference.group(1).lower().startswith(("https://", "http://")):
        return "a direct reference must be http:// or https://"
    return None


def left_to_install(resolved: Iterable[str], present: Container[str]) -> list[str]:
    """The lines of a resolution whose package the image lacks."""
    left = []
    for line in resolved:
        match = _NAME.match(line)
        if line.strip() and not line.lstrip().startswith("#") and match and normalised(match.group(1)) not in present:
            left.append(line.strip())
    return left
