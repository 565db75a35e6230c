"""Rows of texts as columns that line up, as kubectl prints them. Pure."""

from __future__ import annotations

from typing import List, Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of columns as wide as their widest cell, two blanks apart."""
    lines: List[Sequence[str]] = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
