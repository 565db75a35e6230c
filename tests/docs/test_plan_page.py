"""docs/how-to/plan.md has each line of `modelbundle plan`, in its order."""

from __future__ import annotations

import re

from launch.plan.lines import LINES
from tools.testkit.page_blocks import ROOT


def test_the_page_has_each_line() -> None:
    page = (ROOT / "docs/how-to/plan.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == list(LINES)
