"""What the serving benchmark makes of its records: medians, ratios, losses, goals, and which answers count."""

from __future__ import annotations

from typing import Any

import pytest

from tools.benchmarks.harness import asks, closed_loop
from tools.benchmarks.serving import cases, health, results
from tools.benchmarks.serving.page import figure, page
from tools.benchmarks.serving.results import AGAIN, OURS, Lost

SMALL = ("small", 1, 32)
FACTS = {
    **dict.fromkeys(("seconds", "smallSeconds", "one", "two", "clientOfOne", "clientOfTwo", "shared"), "-"),
    **dict.fromkeys(("machine", "client", "clientUs", "loadBefore", "loadAfter"), "-"),
    "servers": {},
    "rounds": 3,
    "othersCores": 0.1,
}


def small(server: str, cpu: float, **more: float) -> dict[str, Any]:
    return {"server": server, "row": "small", "cores": 1, "clients": 32, "cpuUs": cpu, **more}


def probes(server: str, *milliseconds: float) -> list[dict[str, Any]]:
    rows = [f"health: {case.row}" for case in cases.HOLDS]
    return [
        {"server": server, "row": row, "cores": 1, "p99Ms": each} for row, each in zip(rows, milliseconds, strict=True)
    ]


def test_a_cell_has_the_median_and_the_best_of_its_rounds() -> None:
    rounds = [small(OURS, cpu, perSecond=rate) for cpu, rate in ((30.0, 100.0), (50.0, 300.0), (31.0, 200.0))]
    cell = results.cells(rounds)[OURS][SMALL]
    assert cell.median == {"cpuUs": 31.0, "perSecond": 200.0}
    assert cell.best == {"cpuUs": 30.0, "perSecond": 300.0}


def test_a_row_that_failed_in_one_round_stands_with_its_error() -> None:
    failed = {"server": OURS, "row": "small", "cores": 1, "clients": 32, "error": "500"}
    cell = results.cells([small(OURS, 30.0), failed, small(OURS, 30.0)])[OURS][SMALL]
    assert (cell.median, cell.error) == ({}, "500")


@pytest.mark.parametrize(
    ("ours", "theirs", "lost"),
    [
        ({"cpuUs": 30.0}, {"cpuUs": 300.0}, []),
        ({"cpuUs": 30.0}, {"cpuUs": 29.0}, ["cpuUs"]),
        ({"perSecond": 30.0}, {"perSecond": 29.0}, []),
        ({"perSecond": 30.0}, {"perSecond": 31.0}, ["perSecond"]),
        ({"p50Us": 1.0, "p99Us": 9.0}, {"p50Us": 2.0, "p99Us": 8.0}, ["p99Us"]),
        ({"error": "500"}, {"cpuUs": 300.0}, ["cpuUs"]),
        ({"cpuUs": 30.0}, {"error": "500"}, []),
    ],
)
def test_ours_is_behind_where_another_is_better_or_ours_has_no_answer(ours: Any, theirs: Any, lost: list[str]) -> None:
    row = {"row": "small", "cores": 1, "clients": 32}
    found = results.cells([{"server": OURS, **row, **ours}, {"server": "KServe", **row, **theirs}])
    assert [each.measure for each in results.lost(found, ["KServe"])] == lost


@pytest.mark.parametrize(
    ("ours", "theirs", "probe", "met"),
    [
        (40.0, 500.0, (4.0, 8.0), [True, True, True, True]),
        (46.0, 500.0, (4.0, 8.0), [False, True, True, True]),
        (40.0, 399.0, (4.0, 8.0), [True, False, True, True]),
        (40.0, 39.0, (4.0, 8.0), [True, False, False, True]),
        (40.0, 500.0, (4.0, 10.1), [True, True, True, False]),
    ],
)
def test_goals_follow_from_the_cells(ours: float, theirs: float, probe: Any, met: list[bool]) -> None:
    found = results.cells([small(OURS, ours), small("KServe", theirs), *probes(OURS, *probe)])
    assert [goal.met for goal in results.goals(found, ["KServe"])] == met


def test_nothing_measured_meets_no_goal() -> None:
    found = results.cells([{"server": OURS, "row": "small", "cores": 1, "clients": 32, "error": "no answer"}])
    assert not any(goal.met for goal in results.goals(found, ["KServe"]))


def test_noise_is_how_far_two_equal_copies_are_apart() -> None:
    found = results.cells([small(OURS, 40.0), small(AGAIN, 42.0)])
    assert results.noise(found) == {SMALL: pytest.approx(0.05)}


def test_the_page_marks_what_is_lost_and_says_errors_and_what_is_not_offered() -> None:
    records = [small(OURS, 40.0), small("KServe", 39.0), *probes(OURS, 1.0, 2.0)]
    records += [{"server": "KServe", "row": "start", "cores": 1, "error": "a | log\nof two lines"}]
    records += [{"server": "KServe", "row": "memory", "cores": 1, "missing": "no tree"}]
    text = page(results.cells(records), ["KServe"], [], FACTS)
    assert "| 40.0 (40.0) **lost** |" in text
    assert "- small, one core, 32 clients: 40.0 us CPU, KServe 39.0" in text
    assert ". KServe: a \\| log of two lines" in text
    assert "n/a: no tree" in text


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, ""),
        ({"rounds": 1}, "1 of 3 rounds."),
        ({"othersCores": 0.5}, "other programs took 0.5 of a core meanwhile."),
    ],
)
def test_a_short_or_disturbed_run_is_called_provisional(facts: dict[str, Any], says: str) -> None:
    text = page(results.cells([small(OURS, 40.0)]), ["KServe"], [], {**FACTS, **facts})
    assert text.count("Provisional") == bool(says)
    assert says in text


@pytest.mark.parametrize(("value", "text"), [(0.1234, "0.12"), (12.34, "12.3"), (1234.5, "1234")])
def test_figures_have_no_more_digits_than_they_deserve(value: float, text: str) -> None:
    assert figure(value) == text


def test_wrk_is_believed_only_when_every_answer_was_right() -> None:
    done = closed_loop.read("x\nresult 100 2000000 150.0 900.0 0 0 \n", 0.5)
    assert (done.requests, done.seconds, done.p50_us, done.p99_us) == (100, 2.0, 150.0, 900.0)
    for line in (
        "result 100 2000000 1.0 1.0 1 0 200 18",
        "result 100 2000000 1.0 1.0 0 1 ",
        "result 0 2000000 0 0 0 0 ",
    ):
        with pytest.raises(closed_loop.WrongAnswer):
            closed_loop.read(line, 0.5)
    with pytest.raises(closed_loop.WrongAnswer, match="unable to connect"):
        closed_loop.read("", 0.5, "unable to connect")


def test_the_slowest_of_a_hundred_is_their_p99_or_above() -> None:
    assert health.quantile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert health.quantile([1.0, 5.0], 0.99) == 5.0


def test_each_protocol_finds_the_value_in_its_own_answer() -> None:
    assert asks.fields_as_json(cases.SMALL, "/predict").value(b"17") == 17
    assert asks.instances(cases.SMALL, "/").value(b'{"predictions": [17]}') == 17
    assert asks.tensors(cases.SMALL, "/").value(b'{"outputs": [{"data": [17]}]}') == 17
    assert asks.events(b'data: "a"\r\n\r\ndata: "b"\n\n') == ["a", "b"]


def test_a_loss_says_what_was_lost() -> None:
    found = results.cells([small(OURS, 40.0), small("KServe", 39.0)])
    assert results.lost(found, ["KServe"]) == [Lost(SMALL, "cpuUs", "KServe", 40.0, 39.0)]
