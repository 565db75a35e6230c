"""What is read as text in an encoding that it is not in. The exception carries the bytes, so that no encoding is named
that refuses them."""

from __future__ import annotations

import codecs
import re
from typing import Iterator, Optional, Tuple

from bundle_runtime.advice.row import ARTIFACT, IMPORT, KIND, LOAD, Asks, Row, Symptom, Values, World

_MOST = 16 * 2**20  # bytes that are looked at: more take seconds
_STEP = 2**20
_CHUNK = 4096  # a text file reads some of them at once, which may end in the midst of a character
_MARKS = (  # those of UTF-32 begin like those of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLDER = ("cp1252", "cp1250", "cp1251", "cp932", "gb18030", "cp949")  # of one region each; latin-1 refuses nothing
_NO_TEXT = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")


def _letter(data: bytes, start: int, encoding: str) -> Optional[str]:
    """What stands at `start`, empty where nothing begins there; None where the bytes as a whole are refused. In steps,
    so that nothing of their size is kept."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for first in range(0, start, _STEP):
            decoder.decode(data[first : min(first + _STEP, start)])
        aligned = decoder.getstate()[0] == b""
        letter = decoder.decode(data[start : start + 8])[:1]
        for first in range(start + 8, len(data), _STEP):
            decoder.decode(data[first : first + _STEP])
        decoder.decode(b"", final=len(data) % _CHUNK != 0)
    except UnicodeError:
        return None
    return letter if aligned else ""


def _is_binary(data: bytes) -> bool:
    return bool(_NO_TEXT.intersection(data[:_STEP]))


def _of_unicode(data: bytes) -> str:
    """Which encoding of Unicode it is: by its mark, by every other byte that is zero, or as UTF-8; empty for none."""
    marked = [encoding for mark, encoding in _MARKS if data.startswith(mark)]
    if not marked and 4 * data[:_CHUNK].count(0) > len(data[:_CHUNK]):
        marked = [
            encoding
            for zeros, encoding in ((1, "utf-16-le"), (0, "utf-16-be"))
            if not _is_binary(data[1 - zeros : _CHUNK : 2])
        ]
    elif not marked and not _is_binary(data):
        marked = ["utf-8"]
    return marked[0] if marked and _letter(data, 0, marked[0]) is not None else ""


def _kind(symptom: Symptom) -> str:
    """What the bytes are: one of the rows below, by its code."""
    data = symptom.data
    if not 0 < len(data) <= _MOST:
        return "text-not-looked-at"
    if re.search("(unexpected end of|truncated) data", symptom.text) and not data[: symptom.start].isascii():
        return "text-cut-off"  # after letters of that encoding; after others it is one of another, at the end
    if _of_unicode(data):
        return "text-encoding"
    return "not-text" if _is_binary(data) else "text-older-encoding"


def _is(code: str) -> Asks:
    def asks(symptom: Symptom, world: World) -> Optional[Values]:
        return {} if _kind(symptom) == code else None

    return asks


def _unicode(symptom: Symptom, world: World) -> Optional[Values]:
    return {"encoding": _of_unicode(symptom.data)} if _kind(symptom) == "text-encoding" else None


def _binary(symptom: Symptom, world: World) -> Optional[Values]:
    return {"head": repr(symptom.data[:8])} if _kind(symptom) == "not-text" else None


def _letters(symptom: Symptom) -> Iterator[str]:
    """Of the encodings that were in use before Unicode, those that refuse no byte of it."""
    for encoding in _OLDER:
        letter = _letter(symptom.data, symptom.start, encoding)
        if letter and letter.isprintable():
            yield f"{letter!r} in {encoding}"


def _older(symptom: Symptom, world: World) -> Optional[Values]:
    if _kind(symptom) != "text-older-encoding":
        return None
    data, start = symptom.data, symptom.start
    letters = ", ".join(_letters(symptom)) or "of none of the usual ones"
    nor = "" if symptom.text.startswith("'utf-8'") else ", nor is it in UTF-8"
    return {"byte": f"0x{data[start]:02x}", "start": str(start), "letters": letters, "nor": nor}


_READ = "A file is read as text in the encoding {name}, "
_ROWS: Tuple[Row, ...] = (
    Row(
        "text-encoding", (IMPORT, LOAD), _READ + "and it is in {encoding}: every byte that was read decodes as that.",
        "Name it where the file is opened: open(path, encoding='{encoding}'). Try it on your machine first: "
        "open(path, encoding='{encoding}').read().", asks=_unicode,
    ),
    Row(
        "text-older-encoding", (IMPORT, LOAD), _READ + "and it is not in that{nor}. Its byte {byte} at position "
        "{start} is {letters}.",
        "An encoding that is named here decodes the whole; right is the one whose letter belongs there (`file -i PATH` "
        "guesses too). Look at it on your machine first, open(path, encoding=THAT).read(), then name it in the code "
        "in the same way; the program that wrote the file can as a rule write UTF-8 instead.", asks=_older,
    ),
    Row(
        "text-cut-off", (IMPORT, LOAD), "Text in {name} is decoded that ends in the midst of a character.",
        "Where it is a part of a file (read(N), a chunk of a download), decode the whole at once, or read it by "
        "open(path, encoding='{name}'), which keeps characters together. Where the file itself ends so, it was cut "
        "off: compare its size with the original's, and copy it again.", asks=_is("text-cut-off"),
    ),
    Row(
        "not-text", (IMPORT, LOAD), _READ + "and it is no text: it begins with {head}, and has bytes that no text has.",
        "Open it with 'rb', and read it with the library of its format (`file PATH` names that).", asks=_binary,
    ),
    Row(
        "text-not-looked-at", (IMPORT, LOAD), _READ + "and it is in another one.",
        "It was too large to be looked at here. On your machine `file -i PATH` guesses the encoding, and "
        "open(path, encoding=THAT).read() shows whether it decodes; then name it in the code in the same way.",
        asks=_is("text-not-looked-at"),
    ),
)  # fmt: skip
ROWS: Tuple[Row, ...] = tuple(
    row._replace(
        error="UnicodeDecodeError", text=r"'(?P<name>[\w-]+)' codec can't decode", rank=KIND, edits=(ARTIFACT,)
    )
    for row in _ROWS
)
