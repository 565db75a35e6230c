"""What a page shows of a terminal: the commands behind `$`, and what they print."""

from __future__ import annotations

import re
from pathlib import Path

from tools.testkit.page_blocks import blocks


def console(page: Path, number: int = 0) -> tuple[list[str], list[str]]:
    """The commands of one of the page's console blocks, and the lines that it shows them to print."""
    shown = [block.text for block in blocks() if block.page == page and block.language == "console"]
    lines = shown[number].splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return commands, [line for line in lines if not line.startswith("$ ") and line != "..."]


def missing(shown: list[str], printed: list[str], series: str = "3.12") -> list[str]:
    """The first line that is shown and was not printed, in this order, and those after it; `...` is any text, and so
    are seconds. `series` is the Python where the page has 3.12."""
    rest = iter(printed)
    return [line for line in shown if not any(re.fullmatch(_pattern(line, series), text) for text in rest)]


def _pattern(line: str, series: str) -> str:
    named = re.escape(line.replace("python:3.12", f"python:{series}")).replace(r"\.\.\.", ".*")
    return re.sub(r"\d+\\\.\d+(?=\\ s\b)", r"[\\d.]+", named)
