"""How big a regular expression becomes once its repetitions are written out, as a compiler of them does.

``((\\w{30}){30}){28}`` is 18 characters and 25,200 places. An estimate: within what a compiler takes it errs to the
large side, and it never looks at a character twice. Whether the text is a regular expression is not asked here.

Pure, and Python 3.8+ with the standard library only.
"""

from __future__ import annotations

from typing import List, Tuple

LARGEST = 1 << 40  # what is more is as bad
# in places of 200 bytes: UTF-8 makes ten states of "any character", and hundreds of a Unicode category
_ANY = 10
_CATEGORY = 200


def pattern_size(pattern: str) -> int:
    """Places of the pattern with all repetitions written out, LARGEST at most."""
    groups: List[int] = []  # what came before each open parenthesis
    total, last, at = 0, 0, 0  # `last` is what a repetition would repeat; it is part of `total`
    while at < len(pattern):
        character = pattern[at]
        if character == "(":
            groups.append(total)
            total, last, at = 0, 0, at + 1
        elif character == ")":
            before = groups.pop() if groups else 0
            last = max(total, 1)
            total, at = before + last, at + 1
        elif character == "{":
            times, end = _repetition(pattern, at)
            if end:
                total += last * (times - 1)
                last *= times
                at = end
            else:
                total, last, at = total + 1, 1, at + 1
        elif character == "[":
            last, at = _set(pattern, at)
            total += last
        elif character == "\\":
            last, at = _escape(pattern, at)
            total += last
        else:
            last = _ANY if character == "." or ord(character) > 127 else 1
            total, at = total + last, at + 1
        if total > LARGEST:
            return LARGEST
    return min(total + sum(groups), LARGEST)


def _repetition(pattern: str, at: int) -> Tuple[int, int]:
    """How often, and where it ends; (0, 0) when the brace is only a brace."""
    end = at + 1
    while end < len(pattern) and (pattern[end] in "0123456789, "):
        end += 1
    if end == len(pattern) or pattern[end] != "}" or end == at + 1:
        return 0, 0
    counts = [part.strip().replace(" ", "").lstrip("0") for part in pattern[at + 1 : end].split(",")]
    times = max(int(count or 0) if len(count) < 10 else LARGEST for count in counts)
    return max(times, 1), end + 1


def _set(pattern: str, at: int) -> Tuple[int, int]:
    """A class of characters in brackets, to its end; brackets within brackets are a set of some dialects."""
    size, depth, start = 1, 0, at
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            inner, at = _escape(pattern, at)
            size = max(size, inner)
            continue
        if character == "[":
            depth += 1
        elif character == "]" and at > start + 1:
            depth -= 1
        elif (character == "^" and pattern[at - 1] == "[") or ord(character) > 127:
            size = max(size, _ANY)
        at += 1
        if not depth:
            break
    return size, at


def _escape(pattern: str, at: int) -> Tuple[int, int]:
    kind = pattern[at + 1 : at + 2]
    if kind in ("p", "P"):
        return _CATEGORY, at + 2
    return (_ANY if kind in ("W", "D", "S", "u", "x") else 1), at + 2
