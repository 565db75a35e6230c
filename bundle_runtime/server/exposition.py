"""Two texts of Prometheus as one: the server's own, and what user code gives beside it.

A scraper that meets one line it cannot read drops the whole text, and a name that comes twice makes both of no use. So
of the user's only lines that can be read are kept, and none whose name the server has too. Pure.
"""

from __future__ import annotations

import re

_NAME = rb"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
_LABEL = rb'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*"'
_NUMBER = rb"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|[iI]nf|[nN]a[nN])"
_SAMPLE = re.compile(_NAME + rb"(?:\{(?:" + _LABEL + rb"(?:," + _LABEL + rb")*,?)?\})? " + _NUMBER + rb"(?: -?\d+)?")
_TYPE = re.compile(rb"# TYPE " + _NAME + rb" (?:counter|gauge|histogram|summary|untyped)")
_HELP = re.compile(rb"# HELP " + _NAME + rb"(?: .*)?")


def merged(own: bytes, theirs: bytes) -> bytes:
    """In the text format 0.0.4; names of ``own`` win."""
    if not theirs or not _is_unicode(theirs):
        return own
    taken = {found["name"] for line in own.split(b"\n") if (found := _read(line)) is not None}
    kept = [line for line in theirs.split(b"\n") if (found := _read(line)) is not None and found["name"] not in taken]
    return b"\n".join([own.removesuffix(b"\n"), *kept, b""])


def _read(line: bytes) -> re.Match[bytes] | None:
    """None for a line that is none of a sample, its type and its help."""
    if line[:1] != b"#":
        return _SAMPLE.fullmatch(line)
    return _TYPE.fullmatch(line) or _HELP.fullmatch(line)


def _is_unicode(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
