"""Who may lead: a table of what was read and when, and what follows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from modelbundle_operator.loop.lease import (
    WRITE_SECONDS,
    Decision,
    Lease,
    Sighting,
    Step,
    Times,
    decide,
    sighted,
)

HELD = Lease("other", 10, "t0", "t1", 3, "7")
FREE = replace(HELD, holder="")
NEVER_ENDS = replace(HELD, seconds=10**9)
AT_ONCE = replace(HELD, seconds=1)
WAIT, TAKE, CREATE = Step.WAIT, Step.TAKE, Step.CREATE


def read(*looks: tuple[float, Lease | None]) -> Sighting:
    """What is known after these reads, each at its time."""
    known = Sighting()
    for now, found in looks:
        known = sighted(known, found, now)
    return known


@pytest.mark.parametrize(
    ("looks", "now", "decision"),
    [
        pytest.param([(100, None)], 100, Decision(CREATE), id="there is none"),
        pytest.param([(100, FREE)], 100, Decision(TAKE), id="it was given back"),
        pytest.param([(100, replace(HELD, holder="me"))], 100, Decision(TAKE), id="a claim whose answer was lost"),
        pytest.param([(100, HELD)], 100, Decision(WAIT, 2), id="seen for the first time, however old it says it is"),
        pytest.param([(100, HELD), (109, HELD)], 109, Decision(WAIT, 1), id="no longer than until it runs out"),
        pytest.param([(100, HELD), (110, HELD)], 110, Decision(TAKE), id="it ran out"),
        pytest.param(
            [(100, HELD), (109, replace(HELD, renewed="t2"))], 110, Decision(WAIT, 2), id="renewed in between"
        ),
        pytest.param(
            [(100, HELD), (109, replace(HELD, version="8"))], 110, Decision(TAKE), id="an annotation renews nothing"
        ),
        pytest.param(
            [(100, HELD), (109, replace(HELD, holder="third"))], 110, Decision(WAIT, 2), id="another one took it"
        ),
        pytest.param([(100, HELD), (105, None)], 105, Decision(WAIT, 2), id="deleted: its holder still works"),
        pytest.param([(100, HELD), (105, None)], 110, Decision(CREATE), id="deleted, and its time is over"),
        pytest.param([(100, FREE), (105, None)], 105, Decision(CREATE), id="deleted when nobody had it"),
        pytest.param([(100, NEVER_ENDS)], 160, Decision(TAKE), id="a duration that locks everybody out"),
        pytest.param([(100, AT_ONCE)], 102, Decision(WAIT, 2), id="a duration shorter than a holder stops in"),
    ],
)
def test_what_a_candidate_does(looks: list[tuple[float, Lease | None]], now: float, decision: Decision) -> None:
    assert decide(read(*looks), "me", now, Times()) == decision


def test_it_takes_the_version_that_it_read_last() -> None:
    newest = replace(HELD, version="8")
    assert read((100, HELD), (105, newest)).lease == newest


def test_what_a_holder_sends_last_is_over_before_another_one_begins() -> None:
    """The holder counts from before it sent its renewal, the candidate from after it was written."""
    assert Times().renew + WRITE_SECONDS < Times().lease
