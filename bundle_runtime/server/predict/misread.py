"""What a body probably is that is not JSON, and how to send it. Pure; asked once a body could not be read."""

from __future__ import annotations

import re
from typing import Any

_MOST_DECODED = 65536  # of a body that is looked at for letters that are not UTF-8
_UTF16, _UTF32 = "it is UTF-16: encode it as UTF-8", "it is UTF-32: encode it as UTF-8"
_BEGINNINGS = (
    (b"\x1f\x8b", "it is compressed with gzip: say so in the header content-encoding: gzip"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd: send it as it is, or with gzip and content-encoding: gzip"),
    (b"\xff\xfe\0\0", _UTF32),
    (b"\0\0\xfe\xff", _UTF32),
    (b"\xff\xfe", _UTF16),
    (b"\xfe\xff", _UTF16),
    (b"{\0\0\0", _UTF32),
    (b"\0\0\0{", _UTF32),
    (b"{\0", _UTF16),
    (b"\0{", _UTF16),
    (
        b"\xef\xbb\xbf",
        "it begins with a byte order mark: encode it as UTF-8 without one (Python: utf-8, not utf-8-sig)",
    ),
)
_PYTHON = re.compile(r"(None|True|False|nan|inf|array\(|b'|b\"|u'|u\"|'|\(|\{')")
_WRITE = "write it with a library (Python: json.dumps(fields), or json=fields of requests), not with str()"


def likely(body: bytes, text: str, position: int) -> str:
    """Where reading ended at ``position`` of ``text``, which is the body decoded; "" when nothing can be said."""
    for beginning, said in _BEGINNINGS:
        if body.startswith(beginning):
            return said
    if not body.strip():
        return "it is empty: send the fields of the request as a JSON object"
    try:
        body[:_MOST_DECODED].decode()
    except UnicodeDecodeError as error:
        if error.end < _MOST_DECODED - 4:  # a letter may be cut in two there
            return "it is not UTF-8 text: encode it as UTF-8; bytes go into a field as base64 text"
    if text.startswith('\\"', position):
        return "the backslashes before its quotes are of the shell or the notebook that wrote it: leave them out"
    if _PYTHON.match(text, position):
        return f"that is Python's way to print it, and JSON has double quotes, null, true and false: {_WRITE}"
    if position > 0 and text[:position].strip().endswith(("}", "]")):
        return "one JSON document is one request: send each by itself, or all as a list in a field"
    return ""


def not_fields(value: Any) -> str:
    """How to send a value that is JSON and no object."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        return (
            "it is a text that holds JSON, encoded twice: send the object itself (requests: json=fields, or "
            "data=json.dumps(fields))"
        )
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return f'it is {kinds.get(type(value), "a number")}: put it into a field, {{"x": ...}}'
