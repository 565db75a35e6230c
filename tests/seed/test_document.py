"""The blocks are cut out whole, with the indentation that Markdown gives them, and the edits change what they say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.seed.document import EQUIVALENTS, VARIABLE, Document, cut, read
from tests.seed.edits import with_requirements_in_their_file, with_root_models
from tests.seed.page import change

INDENTED = '=== "Tab"\n    ```py title="t"\n    def f():\n        return 1\n     \n    ```\n'
PLAIN = "```py\nx = 1\n```\n"


def test_each_line_loses_its_fences_indentation_and_no_more(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(INDENTED + PLAIN + "```sh\nls\n```\n" + PLAIN)
    assert cut(page).blocks == ("def f():\n    return 1\n \n", "x = 1\n", "x = 1\n")


def test_a_document_of_another_shape_is_no_seed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PLAIN)
    with pytest.raises(ValueError, match="has 1 Python blocks, expected 3"):
        cut(page)


def test_the_summary_names_what_was_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seed = tmp_path / "seed.md"
    monkeypatch.setenv(VARIABLE, str(seed))
    assert read().line().startswith(f"NO SEED DOCUMENT at {seed}: ran on equivalents")
    seed.write_text(PLAIN * 3)
    assert read().line() == (
        f"seed document {seed}: 3 blocks (create directly, from directories, app_config), sha256 {read().sha256}"
    )


@pytest.mark.parametrize("source", [read, lambda: cut(EQUIVALENTS)], ids=["what is read", "equivalents"])
def test_the_edits_leave_python_and_change_a_few_lines(source) -> None:
    document: Document = source()
    for block in document.blocks:
        changed = with_root_models(block)
        ast.parse(changed)
        assert "__root__" not in changed
        assert len(changed.splitlines()) == len(block.splitlines())
    corrected = with_requirements_in_their_file(document.blocks[1])
    ast.parse(corrected)
    assert len(corrected.splitlines()) == len(document.blocks[1].splitlines()) + 1


def test_the_page_names_the_change_that_is_tested() -> None:
    before, after = change()
    assert with_root_models(before) == after
