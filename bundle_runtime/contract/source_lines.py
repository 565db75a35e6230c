"""The lines of pickled functions, written behind the pickle's end, so that a traceback shows them where no file is.

pickle.load stops before them, and so does any program that reads the file. Only lines of the functions themselves are
there, each by its file and number.
"""

from __future__ import annotations

import json
import linecache
from io import BytesIO
from typing import BinaryIO, Dict, List, Mapping

MARK = b"\n# modelbundle: source lines\n"
LONGEST = 256 * 1024

# file -> number of a first line -> the lines from there
Lines = Dict[str, Dict[str, List[str]]]


def encoded(lines: Mapping[str, Mapping[str, List[str]]]) -> bytes:
    """What is written behind a pickle; nothing where there are none, or too many."""
    if not lines:
        return b""
    text = json.dumps(lines, sort_keys=True).encode("ascii")
    return MARK + text if len(text) <= LONGEST else b""


def register(file: BinaryIO) -> None:
    """From here to the file's end: for tracebacks, where the machine has no such file itself."""
    rest = file.read(len(MARK) + LONGEST)
    if not rest.startswith(MARK):
        return
    try:
        _register(json.loads(rest[len(MARK) :]))
    except (ValueError, TypeError, AttributeError, RecursionError):  # bytes of another program
        return


def register_from_end(file: BinaryIO) -> None:
    """For the traceback of a pickle that could not be read to its end."""
    longest = len(MARK) + LONGEST
    file.seek(max(file.seek(0, 2) - longest, 0))
    rest = file.read(longest)
    start = rest.rfind(MARK)
    if start >= 0:
        register(BytesIO(rest[start:]))


def _register(lines: Lines) -> None:
    for name, parts in lines.items():
        if linecache.getlines(name):
            continue
        known: List[str] = []
        for first, texts in sorted(parts.items(), key=lambda part: int(part[0])):
            start = int(first) - 1
            if start < 0 or start > 10**6:
                continue
            known += [""] * (start - len(known))
            known[start : start + len(texts)] = [f"{text}\n" for text in texts]
        linecache.cache[name] = (sum(map(len, known)), None, known, name)  # no time: it is never looked for on disk
