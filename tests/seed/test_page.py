"""docs/how-to/launch-client.md, its Python one block after the other, and that of README.md, on the cluster."""

from __future__ import annotations

import pytest

from tests.seed.page import readme as readme_block
from tests.seed.page import script
from tests.seed.story import Story

pytestmark = pytest.mark.xdist_group("seed")


def test_the_readme_shows_lines_of_the_page() -> None:
    assert [line for line in readme_block().splitlines() if line not in script().splitlines()] == []


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


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_what_the_readme_shows_works_by_itself(readme: Story) -> None:
    """In an environment that has the distribution and its `client` extra, and nothing else: no pydantic either."""
    done = readme.scripts["readme"]
    assert (done.code, done.out) == (0, "7\n"), done.err
