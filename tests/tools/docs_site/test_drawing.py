"""The pictures of the pages are those that their sources describe."""

from xml.etree import ElementTree

import pytest
import yaml

from tools.docs_site.drawing import PICTURES, svg_of

SOURCES = sorted(PICTURES.glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_picture_is_what_its_source_says(source):
    drawn = svg_of(yaml.safe_load(source.read_text()))
    assert source.with_suffix(".svg").read_text() == drawn, "run python -m tools.docs_site.drawing"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_all_that_it_draws_is_within_it_and_boxes_lie_apart(source):
    picture = yaml.safe_load(source.read_text())
    width, height = picture["size"]
    places = [(*box["at"], *box["size"]) for box in picture["boxes"]]
    for number, (x, y, w, h) in enumerate(places):
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
        for x2, y2, w2, h2 in places[:number]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_text_is_text_and_the_picture_says_what_it_shows():
    picture = {"title": "a < b", "description": "c", "size": [100, 50], "groups": [], "arrows": []}
    box = {"id": "a", "at": [0, 0], "size": [90, 40], "title": "<script>", "lines": ["&"]}
    root = ElementTree.fromstring(svg_of({**picture, "boxes": [box]}))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["<script>", "&"]
    assert (root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")) == ("a < b", "c")
