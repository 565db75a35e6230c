"""Versions as PEP 440 orders them, in the user's image, where `packaging` may be missing or too new for its Python.

Only what is asked of an image: does this version fit that specifier. Pure.
"""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[._-]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[._-]?(?P<pre_number>\d*))?"
    r"(?:-(?P<post_alone>\d+)|[._-]?(?P<post>post|rev|r)[._-]?(?P<post_number>\d*))?"
    r"(?:[._-]?(?P<dev>dev)[._-]?(?P<dev_number>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[._-][a-z0-9]+)*))?",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*(===|~=|==|!=|<=|>=|<|>)\s*(\S+?)\s*$")
_LETTERS = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Version:
    """One version; `key` orders it among others."""

    def __init__(self, text: str) -> None:
        match = _VERSION.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a version")
        self.epoch = int(match["epoch"] or 0)
        self.release = tuple(int(part) for part in match["release"].split("."))
        letter = (match["pre"] or "").lower()
        self.pre = (_LETTERS.get(letter, letter), int(match["pre_number"] or 0)) if letter else None
        post = match["post_alone"] or (match["post"] and (match["post_number"] or "0"))
        self.post = int(post) if post else None
        self.dev = int(match["dev_number"] or 0) if match["dev"] else None
        self.local = tuple(re.split(r"[._-]", match["local"].lower())) if match["local"] else ()

    @property
    def is_prerelease(self) -> bool:
        return self.pre is not None or self.dev is not None

    @property
    def base(self) -> tuple[int, tuple[int, ...]]:
        release = self.release
        while len(release) > 1 and release[-1] == 0:
            release = release[:-1]
        return self.epoch, release

    @property
    def public_key(self) -> tuple[Any, ...]:
        if self.pre is not None:
            pre: tuple[Any, ...] = (0, *self.pre)
        else:
            pre = (-1,) if self.post is None and self.dev is not None else (1,)
        post = -1 if self.post is None else self.post
        dev = (1, 0) if self.dev is None else (0, self.dev)
        return (*self.base, pre, post, dev)

    @property
    def key(self) -> tuple[Any, ...]:
        return (*self.public_key, tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in self.local))


def parsed(text: str) -> Version | None:
    """The version, or None for what PEP 440 does not know ("custom_build")."""
    try:
        return Version(text)
    except ValueError:
        return None


def same(one: str, other: str) -> bool:
    """Whether two versions are equal however they are written: 1.0 and 1.0.0."""
    left, right = parsed(one), parsed(other)
    return left.key == right.key if left and right else one == other


def fits(version: str, specifier: str) -> bool:
    """Whether the version is in the specifier ("" takes all); pre-releases count as what they are.

    ValueError for a version or a specifier that cannot be read.
    """
    candidate = Version(version)
    return all(_in_clause(candidate, version, clause) for clause in specifier.split(",") if clause.strip())


def _in_clause(candidate: Version, written: str, clause: str) -> bool:
    match = _CLAUSE.match(clause)
    if match is None:
        raise ValueError(f"{clause!r} is not a specifier")
    operator, text = match.groups()
    if operator == "===":
        return written.lower() == text.lower()
    if operator in ("==", "!=") and text.endswith(".*"):
        return _has_prefix(candidate, Version(text[:-2])) == (operator == "==")
    wanted = Version(text)
    if operator in ("==", "!="):
        equal = candidate.key == wanted.key if wanted.local else candidate.public_key == wanted.public_key
        return equal == (operator == "==")
    if operator == "~=":
        shortened = wanted.release[:-1]
        alike = candidate.epoch == wanted.epoch and _padded(candidate.release, shortened) == shortened
        return alike and candidate.public_key >= wanted.public_key
    if operator == "<=":
        return candidate.public_key <= wanted.public_key
    if operator == ">=":
        return candidate.public_key >= wanted.public_key
    if operator == "<":
        before = candidate.is_prerelease and not wanted.is_prerelease and candidate.base == wanted.base
        return candidate.public_key < wanted.public_key and not before
    after = candidate.post is not None and wanted.post is None and candidate.base == wanted.base
    return candidate.public_key > wanted.public_key and not after


def _has_prefix(candidate: Version, wanted: Version) -> bool:
    return candidate.epoch == wanted.epoch and _padded(candidate.release, wanted.release) == wanted.release


def _padded(release: tuple[int, ...], like: tuple[int, ...]) -> tuple[int, ...]:
    """As many parts of the release as the other has."""
    return (release + (0,) * len(like))[: len(like)]
