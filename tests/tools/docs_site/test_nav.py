"""The site's navigation has the pages of docs/index.md, in its order."""

from tools.docs_site.nav import nav_of
from tools.testkit.page_blocks import ROOT

INDEX = """# Title
See the [quickstart](tutorial/quickstart.md).

| first | [not a section](a.md) |

## Tutorial
| page | you will have |
|---|---|
| [Quickstart](tutorial/quickstart.md) | see [another](b.md) |

## How to
Install and operate:

| [Install](how-to/install.md) | it |

Work on it:

| [Development](how-to/development.md) | it |

## Decisions
| 0001 | [kopf is the host](adr/0001.md) |
"""


def pages(nav):
    for entry in nav:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else pages(value)


def test_sections_groups_and_pages_are_those_of_the_index():
    assert nav_of(INDEX) == [
        {"Home": "index.md"},
        {"Tutorial": [{"Quickstart": "tutorial/quickstart.md"}]},
        {
            "How to": [
                {"Install and operate": [{"Install": "how-to/install.md"}]},
                {"Work on it": [{"Development": "how-to/development.md"}]},
            ]
        },
        {"Decisions": [{"kopf is the host": "adr/0001.md"}]},
    ]


def test_each_page_of_docs_is_there_once():
    docs = ROOT / "docs"
    there = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))
    assert sorted(pages(nav_of((docs / "index.md").read_text()))) == there
