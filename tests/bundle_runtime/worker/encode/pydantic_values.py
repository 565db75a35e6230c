"""What the worker makes of pydantic models, printed as JSON; test_pydantic.py runs it under both versions."""

# ruff: noqa: UP006 -- pydantic asks Python 3.8 what these mean
from __future__ import annotations

import datetime
import decimal
import enum
import json
import typing

import pydantic

from bundle_runtime.worker.encode.encode import encode

TWO = pydantic.VERSION.startswith("2")


class Kind(enum.Enum):
    RAW = b"raw"


class Inner(pydantic.BaseModel):
    raw: bytes = b"abc"
    span: datetime.timedelta = datetime.timedelta(seconds=90)


class Values(pydantic.BaseModel):
    inner: Inner = Inner()
    inners: typing.List[Inner] = [Inner()]
    named: typing.Dict[int, bytes] = {1: b"abc"}
    spans: typing.Tuple[datetime.timedelta, ...] = (datetime.timedelta(hours=-1), datetime.timedelta(0))
    raws: typing.Set[bytes] = {b"b", b"a"}
    kind: Kind = Kind.RAW
    any: typing.Any = b"abc"
    text: str = "PT1M"
    texts: typing.List[str] = ["abc"]
    when: datetime.datetime = datetime.datetime(2020, 1, 2)
    amount: decimal.Decimal = decimal.Decimal("1.10")
    secret: pydantic.SecretStr = pydantic.SecretStr("no one")
    aliased: bytes = pydantic.Field(b"abc", alias="theAlias")


class Binary(pydantic.BaseModel):
    """No UTF-8, so pydantic 2 has no JSON for it."""

    raw: bytes = b"\xff"
    secret: pydantic.SecretStr = pydantic.SecretStr("no one")


found = {"values": Values(), "binary": Binary(), "held": {"a": [Inner()]}}
if TWO:

    class Own(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(ser_json_timedelta="float", ser_json_bytes="base64")
        raw: bytes = b"\xff"
        span: datetime.timedelta = datetime.timedelta(seconds=90)
        hexed: bytes = b"abc"
        spelt: datetime.timedelta = datetime.timedelta(seconds=90)
        url: pydantic.AnyUrl = pydantic.AnyUrl("http://a/b")

        @pydantic.field_serializer("hexed", when_used="json")
        def _hexed(self, value: bytes) -> str:
            return value.hex()

        @pydantic.field_serializer("spelt")
        def _spelt(self, value: datetime.timedelta) -> str:
            return "a minute and a half"

    found["own"] = Own()
    found["root"] = pydantic.RootModel[typing.List[bytes]]([b"abc"])
print(json.dumps({name: json.loads(encode(value)) for name, value in found.items()}))
