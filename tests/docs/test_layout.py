"""The pages of docs/ lie in the folder of their kind, the index has each of them, and their lines fit a screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.testkit.page_blocks import PAGES, ROOT, without_code

DOCS = ROOT / "docs"
KINDS = {"tutorial", "how-to", "reference", "explanation", "adr"}
LONGEST = 120


def test_each_page_is_in_the_folder_of_its_kind() -> None:
    assert [path.name for path in DOCS.iterdir() if path.is_file()] == ["index.md"]
    assert {path.parent.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} == KINDS | {"."}


def test_the_index_has_each_page_once() -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", without_code((DOCS / "index.md").read_text()).split("\n## ", 1)[1])
    assert sorted(links) == sorted(
        str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.name != "index.md"
    )


def test_the_index_has_decisions_by_their_titles() -> None:
    rows = re.findall(r"^\| (\d{4}) \| \[(.*)\]\((.*)\) \|$", (DOCS / "index.md").read_text(), flags=re.MULTILINE)
    titles = [(path.name, path.read_text().splitlines()[0]) for path in sorted((DOCS / "adr").glob("*.md"))]
    assert [(Path(file).name, f"# {number} {title}") for number, title, file in rows] == titles


def test_the_readme_leads_to_the_index() -> None:
    assert "](docs/index.md)" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_fit(page: Path) -> None:
    assert [(number, line[:60]) for number, line in prose(page.read_text()) if len(line) > LONGEST] == []


def test_only_what_cannot_be_wrapped_may_be_longer() -> None:
    long = "x" * 121
    page = f"{long}\n| {long} |\n```console\n{long}\n```\n```yaml\n{long}\n```\n    {long}\n"
    assert [number for number, line in prose(page) if len(line) > LONGEST] == [1, 7, 9]


def prose(page: str) -> list[tuple[int, str]]:
    """Number and text of each line that can be wrapped.

    A row of a table has to be one line of Markdown, and a `console` block holds what a program printed, which tests
    compare byte by byte. An author of YAML or of a command can break the line.
    """
    found, block = [], ""
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            block = "" if block else line.removeprefix("```") or "text"
        elif block != "console" and (block or not line.startswith("|")):
            found.append((number, line))
    return found
