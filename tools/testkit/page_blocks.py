"""The fenced blocks of the pages, so that tests can run what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


@dataclass(frozen=True)
class Block:
    page: Path
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.number}"

    @property
    def is_python(self) -> bool:
        return self.language in ("py", "python")

    @property
    def lines(self) -> list[str]:
        """Commands: continuation lines joined, comments dropped."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        lines = (re.sub(r"\s+#.*$|^#.*$", "", line).strip() for line in joined.splitlines())
        return [line for line in lines if line]


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text()
        for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
            yield Block(page, text[: found.start()].count("\n") + 1, found[1], found[2])


def without_code(page: str) -> str:
    """The page without its blocks and spans of code, in which nothing is a link."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", page, flags=re.DOTALL)
