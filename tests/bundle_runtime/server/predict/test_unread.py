"""What a client hears whose body is not JSON: by the body and its content-type alone."""

from __future__ import annotations

import orjson
import pytest

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.unread import problem, refuse_other_media
from bundle_runtime.server.refusal import Refused
from tests.bundle_runtime.server.client import Client


async def refused(media: bytes | None, body: bytes) -> str | None:
    exchange = Exchange(Client().connection, 0.0)
    exchange.headers = [(b"Accept", b"image/png")] + ([] if media is None else [(b"Content-Type", media)])
    try:
        refuse_other_media(exchange, body)
    except Refused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("media", "body", "code"),
    [
        (None, b"--b\r\n", None),
        (b"", b"\xff", None),
        (b"application/json", b"\xff", None),
        (b"Application/LD+JSON ; charset=utf-8", b"\xff", None),
        (b"multipart/form-data; boundary=b", b"--b\r\n", "UnsupportedMediaType"),
        (b"application/x-www-form-urlencoded", b"x=1", "UnsupportedMediaType"),
        (b"application/x-www-form-urlencoded", b'\r\n {"x"', None),
        (b"application/octet-stream", b"", None),
        (b"text/csv", b"   ", None),
        (b"text/csv", b"1", "UnsupportedMediaType"),
        (b"\xff\xfe" * 500, b"1", "UnsupportedMediaType"),
    ],
)
async def test_another_media_type(media: bytes | None, body: bytes, code: str | None) -> None:
    assert await refused(media, body) == code


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": NaN}', "$.a is NaN or infinite (line 1 column 7)"),
        ('{"a": [{"b c": -Infinity}]}', "$.a[0]['b c'] is NaN"),
        ("[" * 500 + "NaN" + "]" * 500, "$" + "[0]" * 500 + " is NaN"),
        ('{"a": 1e999, "b": NaN}', "$.a is NaN"),
        ('{"a": 1, "b": [2, NaN], "c": NaN}', "$.b[1] is NaN"),
        ('{"a": NaN', "a value is NaN or infinite"),
        ('["%s", NaN]' % ("a" * 70_000), "a value is NaN or infinite"),
        ('{"a": "NaN", "b": nan}', "invalid literal"),
        ('{"a": None}', "line 1 column 7"),
    ],
    ids=lambda text: text[:20],
)
def test_a_number_that_json_does_not_have(text: str, says: str) -> None:
    with pytest.raises(orjson.JSONDecodeError) as caught:
        orjson.loads(text)
    assert says in problem(caught.value)
