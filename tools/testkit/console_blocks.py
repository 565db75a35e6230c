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


def missing(shown: list[str], printed: list[str]) -> list[str]:
    """What is shown and was not printed; `...` is any text, and so are times, versions and sizes. Order is left out:
    a server and its worker write at the same time."""
    return [line for line in shown if not any(re.fullmatch(_pattern(line), text) for text in printed)]


def _pattern(line: str) -> str:
    text = re.escape(line).replace(r"\.\.\.", ".*")
    return re.sub(r"\d+\\\.\d+|\d+(?=\\ bytes)", r"[\\d.]+", text)
