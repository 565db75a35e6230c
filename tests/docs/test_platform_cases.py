"""docs/explanation/platform-cases.md names tests for each case, and each of them exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "platform-cases.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def cases() -> list[tuple[str, str]]:
    """Each case, and the cell with its tests."""
    rows = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    return [(row[0].strip(), row[-1].strip()) for row in rows if row[0].strip() != "case"]


@cache
def defined_in(file: str) -> frozenset[str]:
    """The functions of a file."""
    tree = ast.parse((ROOT / file).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_there_are_two_tables_of_them() -> None:
    assert PAGE.count("| case | what becomes of it | tests |") == 2
    assert len(cases()) == len({case for case, _ in cases()}) > 20


@pytest.mark.parametrize(("case", "named"), cases(), ids=lambda value: value[:40])
def test_each_case_has_tests_that_exist(case: str, named: str) -> None:
    found = NAMED.findall(named)
    assert ", ".join(f"`{file}::{test}`" for file, test in found) == named
    assert found, case
    assert [test for file, test in found if test not in defined_in(file)] == []
