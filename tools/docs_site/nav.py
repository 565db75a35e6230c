"""The site's navigation is docs/index.md: its sections, and the pages of their tables in that order. Pure."""

from __future__ import annotations

import re
from typing import Any

_ROW = re.compile(r"\|.*?\[([^\]]+)\]\(([^)\s#]+)\)")


def nav_of(index: str) -> list[dict[str, Any]]:
    """For mkdocs: each section with its pages; a line that ends in a colon begins a group of the rows that follow."""
    sections: list[dict[str, Any]] = [{"Home": "index.md"}]
    pages: list[dict[str, Any]] = []
    for line in index.splitlines():
        row = _ROW.match(line)
        if line.startswith("## "):
            pages = []
            sections.append({line.removeprefix("## ").strip(): pages})
            group = pages
        elif len(sections) > 1 and line.endswith(":") and not line.startswith("|"):
            group = []
            pages.append({line.rstrip(":"): group})
        elif len(sections) > 1 and row:
            group.append({row.group(1): row.group(2)})
    return sections
