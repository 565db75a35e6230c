"""Which bodies take so long to read that a process beside this one does it (large.py): a look at each byte tells. Pure.

To begin such a process holds this one for half a millisecond. A body below what is said here costs it a few at most.
"""

from __future__ import annotations

from bundle_runtime.server.http.parts import JOINED_MAX_BYTES
from bundle_runtime.server.weight import occurrences

LARGE_BYTES = 256 * 1024  # of JSON
VERY_LARGE_BYTES = JOINED_MAX_BYTES  # however few its values are: none with more is one piece yet
COMMAS_MAX = 50_000
LARGE_TENSORS_BYTES = 32 * 1024
# what is looked at one by one, in Python
OBJECTS_MAX = 500  # each an input or an output, at 4 us
TEXTS_MAX = 10_000  # elements of BYTES, at 0.2 us
_BYTES = b"BYTES"  # how a request says that it has such


def values_take_long(body: bytes) -> bool:
    """To parse JSON; asked for more than LARGE_BYTES."""
    return len(body) > VERY_LARGE_BYTES or occurrences(body, b",") > COMMAS_MAX


def tensors_take_long(body: bytes, json_bytes: int) -> bool:
    """To read an inference request, whose JSON is ``json_bytes`` long; asked for more than LARGE_TENSORS_BYTES. Of the
    bytes behind it texts alone are looked at one by one: each has its length before it, whose upper bytes are zero."""
    if len(body) > VERY_LARGE_BYTES or (
        json_bytes > LARGE_BYTES and occurrences(body, b",", 0, json_bytes) > COMMAS_MAX
    ):
        return True
    if occurrences(body, b"{", 0, json_bytes) > OBJECTS_MAX:
        return True
    if body.find(_BYTES, 0, json_bytes) < 0:
        return False
    return max(occurrences(body, b",", 0, json_bytes), occurrences(body, b"\0", json_bytes)) > TEXTS_MAX
