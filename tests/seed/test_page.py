"""docs/launch-client.md, its Python blocks one after the other, on the cluster."""

from __future__ import annotations

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.seed.page import script
from tests.seed.story import Story

pytestmark = pytest.mark.xdist_group("seed")


def test_the_readme_shows_lines_of_the_page() -> None:
    (shown,) = [block for block in blocks() if block.page == ROOT / "README.md" and block.language == "py"]
    assert [line for line in shown.text.splitlines() if line not in script().splitlines()] == []


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_what_the_page_shows_works(page: Story) -> None:
    done = page.scripts["page"]
    assert done.code == 0, done.err
    bundle, prediction, response, listed = done.out.splitlines()
    assert bundle.startswith("doubler-")
    assert prediction == "7"
    assert response == "SUCCESS {'result': '7'}"
    assert [name for name, _ in eval(listed)] == ["doubler", "doubler-from-code", "doubler"]
