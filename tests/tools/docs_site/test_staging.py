"""What the site is built from: each link of a page leads to a page of the site."""

import re

import pytest

from tools.docs_site.__main__ import foreign_files
from tools.docs_site.staging import stage, with_blank_lines
from tools.testkit.page_blocks import ROOT, without_code

DOCS = "docs"  # not within a path of a page: one that is named anywhere has to be there


@pytest.fixture
def checkout(tmp_path):
    files = {
        f"{DOCS}/index.md": "[page](how-to/page.md#a) [model](../examples/a/model.py) [web](https://a.com) `](b.md)`",
        f"{DOCS}/how-to/page.md": "[examples](../../examples/) [all](../../tools/results) [home](../index.md)",
        "examples/README.md": f"[a](a/README.md) [page](../{DOCS}/how-to/page.md)",
        "examples/a/README.md": "[examples](../README.md)",
        "examples/a/model.py": "predict = len\n",
        "tools/results/one.md": "# One",
        "tools/results/two.bin": "\0",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_links_out_of_docs_lead_to_pages_of_the_site(checkout):
    pages = stage(checkout, checkout / "build")
    assert pages == [
        "repository/examples/README.md",
        "repository/examples/a/README.md",
        "repository/examples/a/model.py.md",
        "repository/tools/results/index.md",
        "repository/tools/results/one.md",
    ]
    built = {path: (checkout / "build" / path).read_text() for path in [*pages, "index.md", "how-to/page.md"]}
    assert built["index.md"].split() == [
        "[page](how-to/page.md#a)",
        "[model](repository/examples/a/model.py.md)",
        "[web](https://a.com)",
        "`](b.md)`",
    ]
    assert built["how-to/page.md"].split()[:2] == [
        "[examples](../repository/examples/README.md)",
        "[all](../repository/tools/results/index.md)",
    ]
    assert built["repository/examples/README.md"].split() == ["[a](a/README.md)", "[page](../../how-to/page.md)"]
    assert "```python\npredict = len\n" in built["repository/examples/a/model.py.md"]
    assert built["repository/tools/results/index.md"] == "# results/\n\n- [one.md](one.md)\n- two.bin\n"


def test_every_link_of_every_page_of_this_checkout_leads_somewhere(tmp_path):
    stage(ROOT, tmp_path / "site")
    for page in (tmp_path / "site").rglob("*.md"):
        links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", without_code(page.read_text()))
        broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
        assert broken == [], page


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("text\n- a\n- b", ["text", "", "- a", "- b"]),
        ("text\n| a |\n|---|", ["text", "", "| a |", "|---|"]),
        ("## head\n| a |", ["## head", "| a |"]),
        ("- a\n  more\n- b", ["- a", "  more", "- b"]),
        ("- a\nmore\n- b", ["- a", "more", "- b"]),
        ("```\ntext\n- a\n```", ["```", "text", "- a", "```"]),
    ],
)
def test_lists_and_tables_begin_after_a_blank_line(text, lines):
    assert with_blank_lines(text).splitlines() == lines


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="https://example.com">', 0),
        ('<script src="assets/a.js">', 0),
        ('<script async src="https://cdn.example.com/a.js">', 1),
        ('<img alt="" src="//cdn.example.com/a.png">', 1),
        ('<link rel="preconnect" href="https://fonts.example.com">', 1),
        ('<link rel="canonical" href="https://docs.example.com/a">', 0),
        ("<style>@font-face {src: url(https://fonts.example.com/a)}</style>", 1),
    ],
)
def test_files_of_other_hosts_are_found(tmp_path, html, found):
    (tmp_path / "index.html").write_text(html)
    assert len(foreign_files(tmp_path)) == found
