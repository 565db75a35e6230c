"""Links and anchors of the pages lead somewhere, and so does each page that code, charts or messages name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.testkit.page_blocks import PAGES, ROOT, without_code

# a page's path in a message, a comment or a docstring; of a decision the number is enough
MENTION = re.compile(r"(?<![\w/.-])docs/(?:[\w-]+/)*(?:[\w-]+\.md(?:#[\w-]+)?|\d{4}\b)")
MADE = {"build", "dist", "packed"}
BINARY = {".pyc", ".pkl", ".zip", ".tgz", ".gz", ".png"}
# what an older version or a captured run said stays as it was
RECORDED = ("tests/cluster/older_", "tests/cluster/captured/", "tests/gitops/data/")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text()))
    broken = [link for link in links if not link.startswith(("https://", "http://")) and not _exists(link, page)]
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page: Path) -> None:
    spans = re.findall(r"`(\w[\w.-]*)(/[\w./-]*)`", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL))
    named = [first + rest for first, rest in spans if (ROOT / first).is_dir() and first not in MADE]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_pages_that_are_named_anywhere_exist() -> None:
    mentions = [(file, mention) for file in _sources() for mention in MENTION.findall(file.read_text(errors="replace"))]
    assert len(mentions) > 50
    assert [(str(file.relative_to(ROOT)), mention) for file, mention in mentions if not _is_page(mention)] == []


def _sources() -> Iterator[Path]:
    """What the repository holds, without what is made or captured."""
    for top in sorted(ROOT.iterdir()):
        if not top.name.startswith(".") and top.name not in MADE:
            for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
                name = path.relative_to(ROOT).as_posix()
                if path.is_file() and path.suffix not in BINARY and not name.startswith(RECORDED):
                    yield path


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("helm.md", True),
        ("../reference/crd.md", True),
        ("helm.md#upgrade", True),
        ("#settings", True),
        ("crd.md", False),
        ("helm.md#no-such-heading", False),
        ("#no-such-heading", False),
        ("../no-such-folder/", False),
    ],
)
def test_a_broken_link_is_noticed(link: str, found: bool) -> None:
    assert _exists(link, ROOT / "docs/how-to/install.md") == found


def test_anchors_are_those_of_github() -> None:
    page = "# A `b.c`: d_e, f\n## Twice\n```sh\n# not this\n```\n## Twice\n"
    assert anchors(page) == ["a-bc-d_e-f", "twice", "twice-1"]


def anchors(page: str) -> list[str]:
    """The anchor of each heading; of a heading that is there before, with a number."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), flags=re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        earlier = sum(re.sub(r"-\d+$", "", other) == anchor for other in found)
        found.append(f"{anchor}-{earlier}" if earlier else anchor)
    return found


def _exists(link: str, page: Path) -> bool:
    file, _, anchor = link.partition("#")
    path = page.parent / file if file else page
    return path.exists() and (not anchor or anchor in anchors(path.read_text()))


def _is_page(mention: str) -> bool:
    if mention.endswith(".md") or "#" in mention:
        return _exists(mention, ROOT / "README.md")
    return len(list(ROOT.glob(f"{mention}-*.md"))) == 1
