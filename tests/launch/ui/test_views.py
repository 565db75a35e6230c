"""What the pictures of the docs show is what the page shows, and axe-core finds nothing in it, light or dark."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from launch.ui.rows import bundle_row
from tests.launch.ui.axe import violations
from tests.launch.ui.fleet import FAMILIES, Fleet, judged
from tests.launch.ui.pictures import IMAGES, WIDTH
from tests.launch.ui.views import VIEWS, fill, show


@pytest.fixture
def sized(browser):
    """The browser, as wide as pictures are."""

    def made(height):
        size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        return browser

    yield made
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.dark(False)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return asyncio.run(judged())


def test_the_operator_has_judged_two_hundred_bundles_of_twenty_families(fleet):
    rows = [bundle_row(body) for ref, body in fleet.objects.items() if ref[0] == "ModelBundle"]
    assert Counter(row["root"] for row in rows) == {f"{family}-v1": 10 for family in FAMILIES}
    assert len(FAMILIES) == 20
    assert {row["reason"] for row in rows if row["health"] == "Failing"} == {
        "LoadFailed", "ArtifactNotFound", "ImagePullFailed",
    }  # fmt: skip
    assert [bool(step["status"].get("moving")) for step in fleet.steps] == [False, True, True]


def test_each_picture_of_the_page_is_one_of_these_views():
    assert {path.stem for path in IMAGES.glob("ui-*.png")} == {view.name for view in VIEWS}


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_axe_finds_nothing_in_a_view(api, serve, sized, fleet, view, is_dark):
    browser = sized(view.height)
    fill(api, fleet)
    page = serve()
    browser.dark(is_dark)
    browser.open("about:blank")
    browser.errors.clear()  # of the page before, whose server has gone
    browser.open(page.server.url)
    show(browser, view, api, fleet)
    assert violations(browser) == []
    assert browser.run("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the page"
    assert browser.errors == []
