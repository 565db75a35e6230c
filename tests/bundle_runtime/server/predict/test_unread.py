"""What a client hears whose body is not JSON: by the body and its content-type alone."""

from __future__ import annotations

import gzip

import orjson
import pytest

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.misread import not_fields
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
        ('{"a": 1e999, "b": NaN}', "$.a is beyond 1.8e+308 (line 1 column 7)"),
        ('{"a": [1, -1%s]}' % ("0" * 309), "$.a[1] is beyond"),
        ('{"a": 1%s}' % ("0" * 5000), "a number is beyond"),
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
    assert says in problem(caught.value, text.encode())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "it is empty"),
        (gzip.compress(b"{}", mtime=0), "content-encoding: gzip"),
        ('{"a": 1}'.encode("utf-16"), "it is UTF-16"),
        ('{"a": 1}'.encode("utf-8-sig"), "not utf-8-sig"),
        ('{"a": "\xe9"}'.encode("latin-1"), "it is not UTF-8 text"),
        (b"{'a': 1}", "json.dumps(fields)"),
        (b'{"a": None}', "json.dumps(fields)"),
        (rb"{\"a\": 1}", "leave them out"),
        (b'{"a": True, "b": 1}', "json.dumps(fields)"),
        (b'{"a": array([1, 2])}', "json.dumps(fields)"),
        (b'{"a": 1}\n{"a": 2}\n', "one JSON document is one request"),
        (b'{"a": 1} x', "one JSON document is one request"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_a_body_probably_is(body: bytes, says: str) -> None:
    with pytest.raises(orjson.JSONDecodeError) as caught:
        orjson.loads(body)
    assert says in problem(caught.value, body)


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": 1,}', b'{"a" 1}', b"[" * 2000, b'{"a": "%s", }' % ("\xe9".encode() * 70_000)]
)
def test_of_another_mistake_the_place_alone_is_said(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError) as caught:
        orjson.loads(body)
    assert problem(caught.value, body) == str(caught.value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ('{"x": 1}', "encoded twice"),
        ("text", "it is a text: put it into a field"),
        ([1], "it is a list"),
        (1.5, "it is a number"),
        (True, "it is true or false"),
        (None, "it is null"),
    ],
)
def test_what_is_json_and_holds_no_fields(value: object, says: str) -> None:
    assert says in not_fields(value)
