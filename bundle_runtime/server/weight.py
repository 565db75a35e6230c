"""How much memory a JSON text may take once it is parsed: an upper bound, before it is. Pure.

A list of nothing is three bytes as text and eighty as an object; a body within its limit can be gigabytes of values.
Each value has a character that announces it, and those are quickly counted. The factors are what orjson and CPython
3.11 took at most of texts made to take much (tests/bundle_runtime/server/test_weight.py takes them again); a parser's
own table of all values is in them, as is the frame for the worker.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

VALUE_BYTES = 64  # its place in a list, the number that it may be, the parser's entry
LIST_BYTES = 104  # beside that; the first value of a list has no comma of its own
DICT_BYTES = 136
KEY_BYTES = 80
STRING_BYTES = 64
_QUOTE_BYTES = STRING_BYTES // 2
_MARKS = {b",": VALUE_BYTES, b"[": LIST_BYTES, b"{": DICT_BYTES, b":": KEY_BYTES}
# copies of the text that there are at once: a string, its bytes for the worker and those bytes growing
TEXT_COPIES = 3
STRINGS_MAX = 200_000  # that are looked at one by one
FIND_MAX = 1000  # of a mark
LONG_STRING_BYTES = 64  # from which looking inside is worth it
_WIDTH_MAX = 5
_BYTE_MAX = max(_QUOTE_BYTES, *_MARKS.values()) + TEXT_COPIES + _WIDTH_MAX


class Least:
    """``bytes`` is what a text takes at least, as it comes in parts: where its strings are is clear up to the first
    backslash, and a part without a string in it is all values."""

    def __init__(self) -> None:
        self.bytes = 0
        self._quotes = 0
        self._is_clear = True

    def add(self, part: bytes) -> None:
        """The next part."""
        self._is_clear = self._is_clear and b"\\" not in part
        if not self._is_clear:
            return
        quotes = occurrences(part, b'"')
        self.bytes += quotes * _QUOTE_BYTES + len(part) * TEXT_COPIES
        if not quotes and not self._quotes % 2:
            self.bytes += _sum(occurrences(part, mark) for mark in _MARKS)
        self._quotes += quotes


def weight_limit(size: int) -> int:
    """What no text of ``size`` bytes weighs more than, whatever is in it."""
    return VALUE_BYTES + size * _BYTE_MAX


def weight(text: Any, most: float = math.inf) -> int:
    """When it would be more than ``most``, what stands inside of long strings is left out, which takes a while."""
    body = text if isinstance(text, (bytes, bytearray)) else bytes(text)
    quotes = occurrences(body, b'"')
    counts = [occurrences(body, mark) for mark in _MARKS]
    fixed = VALUE_BYTES + quotes * _QUOTE_BYTES + len(body) * (TEXT_COPIES + _width(body))
    values = _sum(counts)
    if fixed + values > most and quotes <= 2 * STRINGS_MAX:
        values -= _sum(_inside_strings(body))
    return fixed + values


def occurrences(body: bytes | bytearray, mark: bytes, begin: int = 0, end: int | None = None) -> int:
    """As body.count() has it, which looks at each byte: find() is twenty times as quick where there are few."""
    at = begin - 1
    for number in range(FIND_MAX):
        at = body.find(mark, at + 1, end)
        if at < 0:
            return number
    return FIND_MAX + body.count(mark, at + 1, end)


def _sum(counts: Iterable[int]) -> int:
    return sum(count * cost for count, cost in zip(counts, _MARKS.values(), strict=True))


def _width(body: bytes | bytearray) -> int:
    """Bytes that each character of a string may take: one character beyond makes all of them wide."""
    ascii = body.isascii()
    if not ascii and any(body.find(bytes((lead,))) >= 0 for lead in range(0xF0, 0xF5)):
        return _WIDTH_MAX  # and what it is copied from
    escape = body.find(b"\\")  # most texts have none, and a search for more than one byte takes long
    if escape >= 0 and (body.find(b"\\ud", escape) >= 0 or body.find(b"\\uD", escape) >= 0):
        return _WIDTH_MAX
    return 1 if ascii and (escape < 0 or body.find(b"\\u", escape) < 0) else 3


def _inside_strings(body: bytes | bytearray) -> list[int]:
    """How many of the marks stand inside of long strings."""
    counts = [0] * len(_MARKS)
    find = body.find
    at = find(b'"')
    while at >= 0:
        end = find(b'"', at + 1)
        while end >= 0 and _is_escaped(body, end):
            end = find(b'"', end + 1)
        if end < 0:
            break  # not valid JSON, which the parser will report
        if end - at > LONG_STRING_BYTES:
            counts = [count + body.count(mark, at, end) for count, mark in zip(counts, _MARKS, strict=True)]
        at = find(b'"', end + 1)
    return counts


def _is_escaped(body: bytes | bytearray, at: int) -> bool:
    """Whether an odd number of backslashes stands before that place."""
    window = 16
    while True:
        before = body[max(0, at - window) : at]
        slashes = len(before) - len(before.rstrip(b"\\"))
        if slashes < len(before) or window >= at:
            return slashes % 2 == 1
        window *= 16
