"""Each content gets its rounds, and none is far ahead of the others."""

from __future__ import annotations

from tools.benchmarks.cold_start.contents import SECTIONS, contents, size, turns


def test_each_content_has_its_rounds_in_order() -> None:
    found = turns(contents(1024), 10, 3)
    of = {section: [number for content, number in found if content.section == section] for section in SECTIONS}
    assert of == {section: list(range(1, 4 if section in ("wheels", "weights") else 11)) for section in SECTIONS}


def test_a_run_that_ends_early_has_rounds_of_all() -> None:
    found = turns(contents(1024), 10, 3)
    half = [content.section for content, _ in found[: len(found) // 2]]
    assert {section: half.count(section) for section in SECTIONS} == {
        "nothing": 5, "libraries": 5, "wheels": 2, "weights": 1,
    }  # fmt: skip


def test_sizes_are_told_as_people_say_them() -> None:
    assert (size(1024), size(128)) == ("1 GiB", "128 MiB")
