"""The pages made from what a cluster printed are what their generator writes, and nothing in them is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cluster.bad_rows import ROWS
from tests.docs.pages import CAPTURED, DOCS, pages


@pytest.mark.parametrize(("name", "make"), pages().items(), ids=pages())
def test_page_is_what_make_docs_writes(name: str, make: Callable[[], str]) -> None:
    assert (DOCS / name).exists(), "run make docs"
    assert (DOCS / name).read_text() == make(), f"{name} differs: run python -m tests.docs.pages"


def test_every_bad_input_was_captured_with_its_reason() -> None:
    missing = [row.name for row in ROWS if not (CAPTURED / f"bad-{row.name}.txt").exists()]
    assert not missing, "run make docs"
    for row in ROWS:
        printed = (CAPTURED / f"bad-{row.name}.txt").read_text()
        assert row.reason in printed
        assert all(piece in printed for piece in row.says)
