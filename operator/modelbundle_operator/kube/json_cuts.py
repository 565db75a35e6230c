"""JSON text cut into its parts without recursion, for what nests too deep for a parser.

Only what is known to be JSON is cut, as the API server wrote it: nothing is checked here. Slower than a parser by far,
and therefore used where one gives up (decoding.py).
"""

import json
import re
from itertools import accumulate

# a string, else a run of lists and maps that hold neither strings nor others, else a bracket
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|(?:[\[{][^"\[\]{}]*[\]}],?)+|[\[\]{}]', re.DOTALL)
_OPENING, _CLOSING = b"[{", b"]}"
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
# a level down is 1 and a level up -1, as signed bytes
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))
_SCALAR = re.compile(rb"\s*:\s*([^\s\"\[\]{},]+)?")


def depth_of(text: bytes) -> int:
    """How deep a JSON text nests: 1 for `{}`, 0 for a number."""
    steps = _STRING.sub(b"", text).translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0)


def members(text: bytes) -> dict[str, bytes]:
    """The text of each member of a JSON object, by name."""
    found: dict[str, bytes] = {}
    name: str | None = None
    start = depth = 0
    for token in _TOKEN.finditer(text):
        first, length = text[token.start()], token.end() - token.start()
        if first in _OPENING and length > 1:
            if depth == 1 and name is not None:
                # the token may be a run of several, but in an object a name follows each
                found[name], name = token[0].rstrip(b","), None
        elif first in _OPENING:
            if depth == 1:
                start = token.start()
            depth += 1
        elif first in _CLOSING:
            depth -= 1
            if depth == 1 and name is not None:
                found[name], name = text[start : token.end()], None
        elif depth == 1 and name is not None:
            found[name], name = token[0], None
        elif depth == 1:
            name = str(json.loads(token[0]))
            scalar = _SCALAR.match(text, token.end())
            if scalar is not None and scalar[1] is not None:
                found[name], name = scalar[1], None
    return found


def entries(text: bytes) -> list[bytes]:
    """The text of each object in a JSON list of objects."""
    found = []
    start = depth = 0
    for token in _TOKEN.finditer(text):
        first, length = text[token.start()], token.end() - token.start()
        if first in _OPENING and length == 1:
            if depth == 1:
                start = token.start()
            depth += 1
        elif first in _CLOSING:
            depth -= 1
            if depth == 1:
                found.append(text[start : token.end()])
    return found
