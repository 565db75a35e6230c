"""A start's parts in their order, and the longest of them in words."""

from __future__ import annotations

import pytest

from bundle_spec.startup import DETAILS, PARTS, parts_of, slowest


def test_parts_come_in_the_order_of_a_start() -> None:
    assert parts_of({"ready": 6, "load": 4, "download": 1.5, "scheduled": 2}) == {"scheduled": 2, "load": 4}
    assert list(parts_of({"load": 4, "scheduled": 2})) == ["scheduled", "load"]


def test_details_belong_to_parts_and_are_none() -> None:
    assert set(DETAILS.values()) <= set(PARTS)
    assert not set(DETAILS) & set(PARTS)


@pytest.mark.parametrize(
    ("startup", "says"),
    [
        ({"scheduled": 1, "load": 13, "ready": 14}, "load, 13 of 14 s: the worker started"),
        ({"images": 90, "load": 13, "ready": 103}, "images, 90 of 103 s: images were pulled"),
        ({"images": 2, "load": 2}, "images, 2 of 4 s"),
    ],
)
def test_the_longest_is_named(startup: dict[str, float], says: str) -> None:
    assert slowest(startup).startswith(says)


@pytest.mark.parametrize("startup", [{}, {"ready": 3}, {"scheduled": 0, "load": 0.0, "ready": 0}])
def test_where_nothing_took_a_second_nothing_is_named(startup: dict[str, float]) -> None:
    assert slowest(startup) == ""


def test_the_words_have_room_in_the_status() -> None:
    assert all(len(slowest({part: 9999999, "ready": 9999999})) <= 128 for part in PARTS)
