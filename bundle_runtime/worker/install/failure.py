"""Why uv failed, as one of our reasons: by what the image has, by what the index answers us, by what resolves instead.

uv's words are quoted behind; from them is read only where to look, and whether it was the resolution that failed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence

from bundle_runtime.contract.report import (
    INDEX_UNREACHABLE,
    INSTALL_FAILED,
    REQUIREMENT_NOT_FOUND,
    REQUIREMENTS_CONFLICT,
    RuntimeFailure,
    fail,
)
from bundle_runtime.worker.install import probe
from bundle_runtime.worker.install.conflict import diagnose
from bundle_runtime.worker.install.image_packages import ImagePackage
from bundle_runtime.worker.install.indexes import index_name, indexes, without_secrets, without_user
from bundle_runtime.worker.install.pages import not_usable, releases
from bundle_runtime.worker.install.probe import Answer, look
from bundle_runtime.worker.install.requires import applies, marker_environment, need, normalised, satisfied
from bundle_runtime.worker.install.resolution import ImageBrokenError, Workplace
from bundle_runtime.worker.install.uv import PROGRESS, UvFailedError

LAST_LINES = 12
_MOST_LOOKS = 24
_MOST_SECONDS = 30.0
_URL = re.compile(r"https?://[^\s`'\"<>)|]+")
_FILE = re.compile(r"\.(whl|tar\.gz|zip|tar\.bz2|tgz|metadata)$")
_NAME = re.compile(r"(?<![\w./-])([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?=[=<>!~]=|[<>]|\s+was not found)")
_REFERENCE = re.compile(r"[^@;]+@\s*(https?://\S+)")
_PASSED = re.compile(r"error sending request|failed to fetch|dns error|connection (refused|reset|closed)|timed out|"
                     r"status (code|server error)", re.IGNORECASE)  # fmt: skip
_BROKEN_OFF = re.compile(r"error decoding response body|error reading a body|before message length|unexpected eof",
                         re.IGNORECASE)  # fmt: skip
_WHAT = re.compile(r"Failed to (?:download|fetch)(?: and build)?:? `([^`]+)`")
_ANOTHER_FILE = re.compile(r"Hash mismatch for `([^`]+)`(.*?)Computed:\s+sha256:([0-9a-f]{64})", re.DOTALL)
_OF_A_BUILD = re.compile(r"^\s*\[std(?:out|err)\]", re.MULTILINE)  # from here on a package's build speaks, not uv
_CREDENTIALS = "Credentials of an index are in the Secret that the operator's setting packageIndexSecret names"
_NEXT = {
    probe.REFUSED: f"it asks for a user and password, or refuses those that it was given. {_CREDENTIALS}",
    probe.BUSY: "it is in trouble; it is tried again",
    probe.PROXY: "the proxy (operator's settings httpProxy, httpsProxy, noProxy) refuses; see to its address and rules",
    probe.TLS: "its certificate is not trusted: the operator's setting caConfigMap names a ConfigMap with the"
    " certificate of the authority that signed it",
    probe.SLOW: "it does not answer in time; it is tried again",
    probe.AWAY: "it is tried again",
}


_DAMAGED = re.compile(
    r"The structure of `([^`]+)`[^:]* was invalid|"
    r"Failed to (?:download|read|extract|install)[^`\n]*`([^`]+)`(?s:.*)(?:Failed to extract archive|Invalid zip file)"
)


def explain(failed: UvFailedError | ImageBrokenError, place: Workplace, entries: Sequence[str]) -> RuntimeFailure:
    """The failure with our reason: the nearest cause that can be shown, and no password."""
    found = _explained(failed, place, entries)
    return fail(found.reason, without_secrets(found.message))


def _explained(failed: UvFailedError | ImageBrokenError, place: Workplace, entries: Sequence[str]) -> RuntimeFailure:
    if isinstance(failed, ImageBrokenError):
        return diagnose(failed, place, entries)
    if "Couldn't parse requirement" in failed.said:
        return fail(
            INSTALL_FAILED, f"an entry of requirements cannot be read: correct it in a new bundle. uv: {failed.line}"
        )
    another = _ANOTHER_FILE.search(failed.said)
    if another:
        wanted = " or ".join(re.findall(r"sha256:[0-9a-f]{64}", another[2]))
        return fail(
            REQUIREMENT_NOT_FOUND,
            f"{another[1]} is at the index as another file than requirements name: it has sha256:{another[3]}, and the "
            f"hash there is {wanted}. It was replaced under the same version, or the bundle was locked on another "
            "processor, Python or index. Put the file back that the hash names, or lock the bundle again",
        )
    excluded = _excluded_by_image(entries, place.image)
    if excluded:
        return fail(REQUIREMENTS_CONFLICT, f"{excluded} uv: {failed.line}")
    seen = _Seen(entries, _OF_A_BUILD.split(failed.said, maxsplit=1)[0], place.image)
    found = seen.failure()
    if (not found or found[0] == REQUIREMENT_NOT_FOUND) and "invalid peer certificate" in failed.said:
        # the image's own store of certificates, which uv does not read, may hold what it lacks
        return fail(INDEX_UNREACHABLE, f"cannot reach the index {index_name()}: {_NEXT[probe.TLS]}. uv: {failed.line}")
    if found:
        return fail(found[0], f"{found[1]}. uv: {failed.line}")
    damaged = _DAMAGED.search(failed.said)
    if "No solution found" in failed.said:
        return _of_damaged(damaged, failed) if damaged else diagnose(failed, place, entries)
    if _PASSED.search(failed.said) and "Failed to build" not in failed.said:
        return fail(INDEX_UNREACHABLE, f"cannot reach the index {index_name()}; it is tried again. uv: {failed.line}")
    if _BROKEN_OFF.search(failed.said) and "Failed to build" not in failed.said:
        named = _WHAT.search(failed.said)
        what = named[1] if named else f"an answer of {index_name()}"
        return fail(
            INDEX_UNREACHABLE,
            f"the connection ended in the middle of {what}: see to where it comes from, or to a proxy on the way; it is"
            f" tried again. uv: {failed.line}",
        )
    if damaged and "Failed to build" not in failed.said:
        return _of_damaged(damaged, failed)
    return fail(INSTALL_FAILED, f"uv could not install the requirements: {_last(failed.said)}")


def _of_damaged(found: re.Match[str], failed: UvFailedError) -> RuntimeFailure:
    """It is there, and fits by its name."""
    return fail(
        INSTALL_FAILED,
        f"the file of {found[1] or found[2]} at the index is damaged, or not what its name says: put it there anew, or"
        f" ask for another version in a new bundle. uv: {failed.line}",
    )


def _last(said: str) -> str:
    """uv's last lines; of a build that failed its own, as uv's guesses follow behind them."""
    failed = re.search(r"Failed to build `[^`]+`", said)
    parts = _OF_A_BUILD.split(said)
    lines = (parts[-1].split("\n\nhint:")[0] if failed and len(parts) > 1 else said).strip().splitlines()
    shown = " | ".join([line.strip() for line in lines if not PROGRESS.match(line)][-LAST_LINES:])
    return f"{failed.group()}: {shown}" if failed and len(parts) > 1 else shown


def _excluded_by_image(entries: Sequence[str], image: Mapping[str, ImagePackage]) -> str:
    """What to do about entries that ask for another version of what stays; "" when none does."""
    here = marker_environment()
    said = []
    for index, entry in enumerate(entries):
        asked = need(entry)
        there = image.get(asked.name) if asked else None
        if asked is None or there is None or not there.stays or not there.comparable:
            continue
        if applies(asked.marker, here) and satisfied(asked, there.shown) is False:
            said.append(
                f"the image has {there.name}=={there.version}, which is kept as it is, and requirements[{index}] is "
                f"{entry}: write {there.name}, or take an image with the version that you need."
            )
    return " ".join(said)


class _Seen:
    """What the indexes answer us: asked one after the other, until something is found or the time is over."""

    def __init__(self, entries: Sequence[str], said: str, image: Mapping[str, ImagePackage]) -> None:
        self.entries = entries
        self.said = said
        self.image = image
        self.until = time.monotonic() + _MOST_SECONDS
        self.looks = _MOST_LOOKS

    def failure(self) -> tuple[str, str] | None:
        """A reason and its words, or None when all that was asked for is there."""
        return next(self._found(), None)

    def _found(self) -> Iterator[tuple[str, str]]:
        for url in _files(self.entries, self.said):
            answer = self._look(url, whole=False)
            if answer.cause in probe.TROUBLE:
                yield INDEX_UNREACHABLE, f"cannot get {answer.url} ({answer.detail}): {_NEXT[answer.cause]}"
            if answer.cause == probe.MISSING:
                yield REQUIREMENT_NOT_FOUND, f"{answer.url} is not there ({answer.detail}): put it there again"
        here = marker_environment()
        for entry in self.entries:
            asked = need(entry)
            if asked and applies(asked.marker, here):
                yield from self._of_package(asked.name, entry, asked.specifier)
        for name in dict.fromkeys(map(normalised, [*_pages(self.said), *_NAME.findall(self.said)])):
            if name != "python":
                yield from self._of_package(name, name, "")

    def _of_package(self, name: str, asked: str, specifier: str) -> Iterator[tuple[str, str]]:
        first_decides = os.environ.get("UV_INDEX_STRATEGY", "first-index") == "first-index"
        unusable: str | None = None
        for index in indexes():
            answer = self._look(f"{index.url.rstrip('/')}/{name}/")
            if answer.cause in (probe.AWAY, probe.SLOW, probe.TLS, probe.PROXY):
                yield INDEX_UNREACHABLE, f"cannot reach the index {index.url}: {answer.detail}; {_NEXT[answer.cause]}"
            if answer.cause in probe.TROUBLE:
                yield INDEX_UNREACHABLE, f"{answer.url} is answered {answer.detail}: {_NEXT[answer.cause]}"
            if answer.cause == probe.FINE:
                unusable = not_usable(asked, specifier, releases(answer.page), index.url)
                if not unusable:
                    return
                if first_decides:
                    break
            elif answer.cause != probe.MISSING:
                return
        if name not in self.image:
            nowhere = f"{asked} is not at the index {index_name()}: put it there, or correct it in a new bundle"
            yield REQUIREMENT_NOT_FOUND, (unusable or nowhere) + _vendor(asked)

    def _look(self, url: str, *, whole: bool = True) -> Answer:
        self.looks -= 1
        if self.looks < 0 or time.monotonic() > self.until:
            return Answer(url, probe.UNKNOWN, "not asked")
        return look(url, whole=whole)


def _pages(said: str) -> list[str]:
    """The packages whose pages uv's words point at."""
    found = []
    for url in _URL.findall(said):
        for index in indexes():
            below = without_user(url).partition(f"{index.url.rstrip('/')}/")[2]
            if re.fullmatch(r"[A-Za-z0-9._-]+/?", below):
                found.append(below.rstrip("/"))
    return found


def _files(entries: Sequence[str], said: str) -> list[str]:
    """The URLs of files: those that entries name, and those that uv's words end with."""
    named = [match.group(1) for match in map(_REFERENCE.match, entries) if match]
    found = [url.rstrip(".,:;") for url in _URL.findall(said)]
    quoted = [url for url in found if _FILE.search(without_user(url))]
    return list(dict.fromkeys([*named, *quoted]))[:5]


def _vendor(asked: str) -> str:
    """Where versions like 2.2.0+cpu are."""
    if "+" not in asked:
        return ""
    return (
        ". Versions with a + are at their vendor's own index (PyTorch: https://download.pytorch.org/whl/cpu, /cu121), "
        "which the operator has to name beside this one; without the + it may be here"
    )
