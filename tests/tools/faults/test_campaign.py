"""Which runs are made: every place of every kind, or so many of each by chance, the same ones each time."""

from __future__ import annotations

from collections import Counter

from tools.faults.campaign import Choice, planned
from tools.faults.kinds import KINDS, Extent
from tools.faults.trial import Reference

EXTENT = Extent(writes=3, reads=2, events={"pods": 4, "services": 1})


def known(*names: str, seconds: float = 1.0) -> dict[str, Reference]:
    return {name: Reference({}, Counter(), Counter(), EXTENT, seconds) for name in names}


def test_all_places_have_a_run() -> None:
    plans = planned(known("clone", "scale up"), Choice())
    found = Counter((plan.scenario.name, plan.kind) for plan in plans)
    expected = {kind: len(list(make(EXTENT))) for kind, make in KINDS.items()}
    assert found == {(name, kind): count for name in ("clone", "scale up") for kind, count in expected.items()}
    assert len({(plan.scenario.name, plan.kind, plan.name) for plan in plans}) == len(plans)


def test_a_choice_is_the_same_each_time() -> None:
    one, again, other = (
        [(plan.scenario.name, plan.kind, plan.name) for plan in planned(known("clone", "scale up"), choice)]
        for choice in (Choice(of_each=2), Choice(of_each=2), Choice(of_each=2, seed=1))
    )
    assert one == again
    assert set(one) != set(other)
    assert max(Counter((name, kind) for name, kind, _ in one).values()) == 2


def test_slow_scenarios_begin_first() -> None:
    plans = planned({**known("clone"), **known("endpoint moves", seconds=60)}, Choice(of_each=1))
    names = [plan.scenario.name for plan in plans]
    assert names == sorted(names, reverse=True)
