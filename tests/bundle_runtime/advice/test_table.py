"""The table of known failures: each row has a sample, no two rows speak about one, and what they say is of use."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from bundle_runtime.advice.row import ANY, KIND, ONE, PAGE, PHASES, Row, Symptom, World, fits, worded
from bundle_runtime.advice.table import TABLE, advice, fitting
from tests.bundle_runtime.advice import code_failures, file_failures, hub_failures, pickle_failures
from tests.bundle_runtime.advice.field import cases
from tests.bundle_runtime.advice.stand_ins import MORE, STAND_INS, StandIn

REAL = (
    *file_failures.FAILURES,
    *pickle_failures.FAILURES,
    *code_failures.FAILURES,
    *hub_failures.FAILURES,
    *cases.FAILURES,
)
ALL_STAND_INS = (*STAND_INS, *cases.STANDING_IN)
LONGEST = 600  # the operator keeps the last 1000 characters of a report, the report itself the last third of 2048


def test_codes_are_names_that_a_page_can_have_as_anchors() -> None:
    assert [code for code, count in Counter(row.code for row in TABLE).items() if count > 1] == []
    assert [row.code for row in TABLE if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", row.code)] == []


def test_each_row_has_one_sample_real_or_a_stand_in() -> None:
    samples = Counter([failure.code for failure in REAL] + [sample.code for sample in ALL_STAND_INS])
    assert samples == Counter(row.code for row in TABLE)


def test_there_are_phases_ranks_and_patterns_that_exist() -> None:
    for row in TABLE:
        assert row.phases, row.code
        assert set(row.phases) <= set(PHASES), row.code
        assert row.rank in (ONE, KIND, ANY), row.code
        assert row.error or row.text or row.asks or row.rank == ANY, f"{row.code} would fit everything"
        re.compile(row.error)
        re.compile(row.text)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.code)
def test_words_are_of_bounded_length_and_end_with_the_code(row: Row) -> None:
    names = set(re.findall(r"\{(\w+)\}", row.what + row.do))
    said = worded(row, dict.fromkeys(names, "x" * 1000)).text
    assert said.endswith(f"[{PAGE}#{row.code}]")
    assert len(said) - 80 * len(re.findall(r"\{\w+\}", row.what + row.do)) <= LONGEST, len(said)
    assert row.do.strip()[-1] in ".)", "a sentence"


@pytest.mark.parametrize("sample", [*ALL_STAND_INS, *MORE], ids=lambda sample: sample.code)
def test_one_row_alone_speaks_about_a_stand_in(sample: StandIn) -> None:
    said = advice([sample.symptom], sample.world)
    assert said is not None
    assert said.code == sample.code
    assert alone(sample.symptom, sample.world)


def alone(symptom: Symptom, world: World) -> bool:
    """No two rows of the lowest rank fit."""
    ranks = [row.rank for row in fitting(symptom, world)]
    return ranks.count(min(ranks)) == 1


def test_the_cause_speaks_where_what_was_made_of_it_says_nothing() -> None:
    outer = Symptom("load", "no model", ("RuntimeError", "Exception"))
    cause = Symptom("load", "libGL.so.1: cannot open shared object file", ("ImportError", "Exception"))
    said = advice([outer, cause], World())
    assert said is not None
    assert said.code == "libgl"
    assert fits(next(row for row in TABLE if row.code == "libgl"), outer, World()) is None


def test_what_the_text_did_not_say_is_left_open() -> None:
    row = Row("x", ("load",), "It lacks {name}.", "Add {name}.", text="(?P<name>a)|b")
    values = fits(row, Symptom("load", "b"), World())
    assert values == {}
    assert worded(row, {}).text.startswith("It lacks .... Add ....")


def test_a_value_keeps_the_space_before_it() -> None:
    said = advice([Symptom("ended", "worker ran out of memory")], World(memory="2Gi"))
    assert said is not None
    assert said.text.startswith("container worker ran out of memory (its limit is 2Gi). ")
