"""The pages made from what a cluster printed are what their generator writes, and nothing in them is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.bad_rows import ROWS
from tests.docs.pages import CAPTURED, pages


@pytest.mark.parametrize(("path", "text"), pages().items(), ids=lambda value: getattr(value, "name", ""))
def test_page_is_what_make_docs_writes(path: Path, text: str) -> None:
    assert path.exists(), "run make docs"
    assert path.read_text() == text, f"{path.name} differs: run python -m tests.docs.pages"


def test_every_bad_input_was_captured_with_its_reason() -> None:
    missing = [row.name for row in ROWS if not (CAPTURED / f"bad-{row.name}.txt").exists()]
    assert not missing, "run make docs"
    for row in ROWS:
        printed = (CAPTURED / f"bad-{row.name}.txt").read_text()
        assert row.reason in printed
        assert all(piece in printed for piece in row.says)
