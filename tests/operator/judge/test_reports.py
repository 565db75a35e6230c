"""Termination messages are foreign words: read with care, quoted, bounded."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modelbundle_operator.judge.reports import Report, parse, quoted, whole_number


def test_a_report_is_read() -> None:
    text = json.dumps({"reason": "Completed", "message": "", "seconds": {"download": 1.5}, "bytes": 7})
    assert parse(text) == Report("Completed", "", {"download": 1.5}, {"bytes": 7})


@pytest.mark.parametrize("text", ["", "Traceback", "[]", "null", "7", '{"reason": 7}', '{"reason": "Load', "[" * 9999])
def test_what_is_no_report_is_none(text: str) -> None:
    assert parse(text) is None


def test_seconds_that_are_no_seconds_are_left_out() -> None:
    seconds = {"ok": 1, "negative": -1, "text": "1", "truth": True, "nan": float("nan"), "b a d": 1, "huge": 1e300}
    report = parse(json.dumps({"reason": "Completed", "seconds": seconds}))
    assert report is not None
    assert report.seconds == {"ok": 1.0}


def test_control_characters_and_length_are_taken_away() -> None:
    assert quoted("\x1b[31mred\x00\tend\n") == "[31mred end"
    assert quoted("a\x80\x9b\x85\u202eb\ufeff\uffff") == "a b"
    long = quoted("a" * 9000 + "the end")
    assert len(long) < 1600
    assert long.endswith("the end")


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_message_breaks_the_reader(text: str) -> None:
    parse(text)
    assert "\x00" not in quoted(text)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_what_is_quoted_is_text_that_everybody_reads(text: str) -> None:
    sent = quoted(text)
    sent.encode("utf-8")
    assert not [character for character in sent if unicodedata.category(character) == "Cc" and character != "\n"]


def test_half_a_surrogate_pair_in_a_report_is_written_out() -> None:
    report = parse('{"reason": "LoadFailed", "message": "a\\ud800", "requirementsDigest": "\\udfff", "\\ud800": 1}')
    assert report == Report("LoadFailed", "a\\ud800", {}, {"requirementsDigest": "\\udfff", "\\ud800": 1})


def test_numbers_of_any_length_are_no_seconds() -> None:
    report = parse('{"reason": "Completed", "seconds": {"a": 1' + "0" * 400 + ', "b": NaN, "c": Infinity, "d": 2}}')
    assert report is not None
    assert report.seconds == {"d": 2.0}


@pytest.mark.parametrize(("value", "number"), [(3, 3), (0, 0), (-1, None), (True, None), ("3", None), (2**40, None)])
def test_counts_are_counts(value: object, number: int | None) -> None:
    assert whole_number(value) == number
