"""A start for programs and for people, of any operator that wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from launch.bundle.startup import startup_json, startup_rows, startup_title

STARTUP = {"check": 12, "scheduled": 1, "images": 3, "prepare": 3, "download": 1.25, "load": 13, "ready": 20}


def found(startup: Any, **loaded: float) -> dict[str, Any]:
    made = startup_json({"status": {"startup": startup}}, loaded)
    assert made is not None
    return made


def test_its_parts_add_up() -> None:
    made = found(STARTUP)
    assert [(part["name"], part["seconds"]) for part in made["parts"]] == [
        ("scheduled", 1), ("images", 3), ("prepare", 3), ("load", 13),
    ]  # fmt: skip
    assert (made["seconds"], made["slowest"], made["check"]) == (20, "load", 12)
    assert made["parts"][2]["details"] == {"download": 1.25}


def test_what_an_older_operator_did_not_tell_apart_is_said() -> None:
    made = found({"scheduled": 1, "prepare": 3, "load": 13, "ready": 20})
    assert made["parts"][-1]["name"] == "other"
    assert sum(part["seconds"] for part in made["parts"]) == 20


def test_the_worker_says_how_its_load_splits() -> None:
    steps = {"import": 4.25, "load_model_fn": 8.0, "a b": 1.0, "check": float("nan"), "x": 10**400}
    load = found(STARTUP, **steps)["parts"][-1]
    assert load["details"] == {"import": 4.25, "load_model_fn": 8.0}


@pytest.mark.parametrize("status", [{}, {"startup": None}, {"startup": {"check": 3}}, {"startup": ["x"]}])
def test_what_has_not_started_has_none(status: dict[str, Any]) -> None:
    assert startup_json({"status": status}) is None


def test_bars_are_as_long_as_their_parts() -> None:
    rows = startup_rows(found({"scheduled": 0, "images": 15, "load": 30, "ready": 45}))
    assert [(row[0], row[1], len(row[2])) for row in rows] == [
        ("scheduled", "0 s", 0), ("images", "15 s", 15), ("load", "30 s", 30),
    ]  # fmt: skip
    assert startup_title(found(STARTUP)) == "Start, 20 s from the pod's creation until it answered, longest: load"


def test_a_start_of_no_time_has_no_longest_part() -> None:
    made = found({"ready": 0})
    assert (made["slowest"], startup_rows(made)) == (None, [])
