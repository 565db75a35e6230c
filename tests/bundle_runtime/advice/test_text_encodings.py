"""No encoding is named that refuses the bytes, and what they are is said of each kind."""

from __future__ import annotations

import io
import pickle
import re

import pytest

from bundle_runtime.worker.explain import LOAD, next_step

SWEDISH = "vi g\xe5r hem, \xe5 ja"


def said_of(data: bytes, encoding: str) -> str:
    """When a file of these bytes is read as text in that encoding."""
    with pytest.raises(UnicodeDecodeError) as raised:
        io.TextIOWrapper(io.BytesIO(data), encoding=encoding).read()
    return next_step(raised.value, LOAD)


@pytest.mark.parametrize(
    ("data", "encoding", "is_in"),
    [
        (SWEDISH.encode(), "ascii", "utf-8"),
        ("\u5de6".encode(), "ascii", "utf-8"),
        (b"\xef\xbb\xbf" + SWEDISH.encode(), "ascii", "utf-8-sig"),
        (SWEDISH.encode("utf-16"), "utf-8", "utf-16"),
        (SWEDISH.encode("utf-16-be"), "ascii", "utf-16-be"),
        (SWEDISH.encode("utf-32"), "utf-8", "utf-32"),
        (SWEDISH.encode() * 100_000, "ascii", "utf-8"),
    ],
)
def test_an_encoding_of_unicode_is_named(data: bytes, encoding: str, is_in: str) -> None:
    said = said_of(data, encoding)
    assert f"and it is in {is_in}: every byte" in said
    assert f"open(path, encoding='{is_in}').read()" in said


@pytest.mark.parametrize(
    ("text", "older"),
    [
        (SWEDISH, "cp1252"),
        ("caf\xe9", "cp1252"),  # to UTF-8 a character that is cut off
        ("za\u017c\xf3\u0142\u0107", "cp1250"),
        ("\u043f\u0440\u0438\u0432\u0435\u0442", "cp1251"),
        ("\u65e5\u672c\u8a9e\u306e", "cp932"),
        ("\u4e2d\u6587\u6587\u672c", "gb18030"),
        ("\ud55c\uad6d\uc5b4", "cp949"),
    ],
)
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_of_older_ones_those_that_decode_it_are_named_with_their_letter(text: str, older: str, encoding: str) -> None:
    said = said_of(text.encode(older), encoding)
    first = next(letter for letter in text if not letter.isascii())
    assert f"{first!r} in {older}" in said
    for named in re.findall(r"' in (\w+)", said):
        text.encode(older).decode(named)
    assert "utf-8'" not in said


def test_where_none_of_them_decodes_it_none_is_named() -> None:
    said = said_of(b"\x81\x8d\x98 \xff x", "utf-8")
    assert "is of none of the usual ones" in said


def test_one_byte_at_the_end_makes_a_long_text_another_one() -> None:
    assert "#text-older-encoding]" in said_of(b"x" * 300_001 + b"\xe5", "ascii")


def test_a_text_that_ends_within_a_character_is_cut_off() -> None:
    assert "#text-cut-off]" in said_of("\xe9t\xe9".encode()[:-1], "utf-8")
    assert "Text in utf-16-le" in said_of(SWEDISH.encode("utf-16-le")[:-1] + b"\xe5\x00\xd8", "utf-16-le")


def test_what_is_no_text_is_to_be_opened_as_bytes() -> None:
    for data in (pickle.dumps([1]), b"PK\x03\x04\xff\x00"):
        said = said_of(data, "utf-8")
        assert "#not-text]" in said
        assert "'rb'" in said


def test_what_is_too_large_is_not_looked_at() -> None:
    assert "#text-not-looked-at]" in said_of(b"x" * (17 * 2**20) + b"\xe5", "ascii")


def test_an_error_of_the_user_without_bytes_has_words_too() -> None:
    class Own(UnicodeDecodeError):
        def __init__(self) -> None:
            pass

        def __str__(self) -> str:
            return "'ascii' codec can't decode it"

    assert "#text-not-looked-at]" in next_step(Own(), LOAD)
