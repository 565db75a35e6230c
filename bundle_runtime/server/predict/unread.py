"""What a client hears whose body is not the JSON object that a prediction needs: what to send instead.

What can be read is taken, whatever its content-type says, as `curl -d` calls each text a form. So POST /predict asks
here about a body that it could not read, or a large one before it reads it, and never about a small one that is JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import orjson

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES
from bundle_runtime.server.predict.misread import likely
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.schemas import json_path

_BLANKS_MAX = 256  # before the first character of a text
_JSON_BEGINS = (b"", b"{", b"[")
_FIELDS = 'send the fields of the request as a JSON object: {"x": 1}'
_BYTES = (
    "send a JSON object with the bytes as base64 text in a field, or a BYTES tensor with binary_data_size to "
    "POST /v2/models/NAME/infer"
)

# a value and the steps that lead to it, the last one first
Steps = tuple["Steps | None", str | int]


def refuse_other_media(exchange: Exchange, body: bytes) -> None:
    """Refused when the body says that it is something else than JSON, and looks like it."""
    if body[:_BLANKS_MAX].lstrip()[:1] in _JSON_BEGINS:
        return
    media = exchange.header(b"content-type").partition(b";")[0].strip().lower()
    if not media or media.endswith(b"json"):
        return
    is_text = media.startswith(b"text/") or media == b"application/x-www-form-urlencoded"
    what = f"a body of the content-type {media.decode('latin-1')[:100]!r} is not taken here"
    raise Refused("UnsupportedMediaType", f"{what}: {_FIELDS if is_text else _BYTES}")


def problem(error: orjson.JSONDecodeError, body: bytes) -> str:
    """What is wrong with the text, and what to send; of a number that JSON does not have, where it is."""
    is_named = error.doc.startswith(("NaN", "Infinity"), error.pos)
    if not is_named and "infinity" not in error.msg:
        return "; ".join(filter(None, (str(error), likely(body, error.doc, error.pos))))
    place = None if len(error.doc) > UNCOUNTED_MAX_BYTES else _not_finite(error.doc)
    where = f"line {error.lineno} column {error.colno}"
    if not is_named:
        most = f"{sys.float_info.max:.2g}"
        return f"{place or 'a number'} is beyond {most} ({where}), the largest that is taken here: send it as text"
    return (
        f"{place or 'a value'} is NaN or infinite ({where}), which no number in JSON is: send null if predict_fn takes "
        "that, or a tensor with binary_data_size to POST /v2/models/NAME/infer"
    )


def _not_finite(text: str) -> str | None:
    """The path of the first such number, or of one that is too large; None when the text has another fault too."""
    try:
        value = json.loads(text)  # which takes them
    except (ValueError, RecursionError):
        return None
    todo: list[tuple[Steps | None, Any]] = [(None, value)]
    while todo:
        steps, value = todo.pop()
        if type(value) in (int, float) and not abs(value) <= sys.float_info.max:
            return json_path(_in_order(steps))
        if type(value) is dict:
            todo.extend([((steps, name), each) for name, each in value.items()][::-1])
        elif type(value) is list:
            todo.extend([((steps, index), each) for index, each in enumerate(value)][::-1])
    return None


def _in_order(steps: Steps | None) -> list[str | int]:
    found: list[str | int] = []
    while steps is not None:
        steps, step = steps
        found.append(step)
    return found[::-1]
