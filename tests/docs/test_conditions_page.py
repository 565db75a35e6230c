"""docs/reference/conditions.md knows every reason that a condition can carry."""

from __future__ import annotations

from pathlib import Path

import pytest
from modelbundle_operator.api.names import ConditionType, Reason

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "conditions.md").read_text()


@pytest.mark.parametrize("word", [*ConditionType, *Reason])
def test_page_explains(word: str) -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("|")]
    assert any(f"`{word}`" in row for row in rows)
