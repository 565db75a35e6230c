"""docs/how-to/doctor.md has each check of `modelbundle doctor`, in its order and group."""

from __future__ import annotations

import re

from launch.doctor.checks import CHECKS
from launch.doctor.namespace import POD
from tools.testkit.page_blocks import ROOT


def test_the_page_has_each_check() -> None:
    page = (ROOT / "docs/how-to/doctor.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-z]+) \|", page, re.MULTILINE)
    assert rows == [(check.name, check.group) for check in CHECKS]
    assert f"({POD['cpu']}, {POD['memory']})" in page
