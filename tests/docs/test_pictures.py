"""Each picture of the docs is shown by a page, with words for those who do not see it, and is small enough to load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.testkit.page_blocks import PAGES, ROOT

FOLDERS = (ROOT / "docs" / "images", ROOT / "docs" / "pictures")
PICTURES = sorted(path for folder in FOLDERS for path in folder.iterdir() if path.suffix in (".png", ".svg"))
LARGEST = 200_000
# words, and a path that is not of another host
SHOWN = re.compile(r"!\[([^\]]*)\]\((?!https?://)([^)\s]+)\)")


def shown() -> list[tuple[Path, str, Path]]:
    """Page, words and file of each picture that a page shows."""
    found = [(page, *match) for page in PAGES for match in SHOWN.findall(page.read_text())]
    return [(page, words, (page.parent / link).resolve()) for page, words, link in found]


def test_pages_show_pictures_that_are_there_and_say_in_words_what_is_on_them() -> None:
    assert shown()
    assert [(str(page), str(file)) for page, _, file in shown() if not file.is_file()] == []
    assert [(str(page), str(file)) for page, words, file in shown() if len(words.split()) < 4] == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_shown_and_small(picture: Path) -> None:
    assert picture in {file for _, _, file in shown()}
    assert picture.stat().st_size < LARGEST
