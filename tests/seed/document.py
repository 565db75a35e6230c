"""Where the seed's code comes from: the three fenced blocks of the seed document, cut out as they stand.

MODELBUNDLE_SEED_DOC names the document. A clone that has none beside it runs the tests on equivalents of our own
writing, and the run's summary says so.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tools.testkit.page_blocks import ROOT

VARIABLE = "MODELBUNDLE_SEED_DOC"
DEFAULT = ROOT / ".." / "shared" / "seed" / "model_bundles.md"
EQUIVALENTS = Path(__file__).resolve().parent / "equivalents" / "model_bundles.md"
TITLES = ("create directly", "from directories", "app_config")

_FENCE = re.compile(r"^(?P<indent>[ ]*)```py\b[^\n]*\n(?P<body>.*?)^(?P=indent)```[ ]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Document:
    path: Path
    sha256: str
    blocks: tuple[str, ...]

    @property
    def is_seed(self) -> bool:
        return self.path != EQUIVALENTS

    def line(self) -> str:
        """What the run's summary says of it."""
        titles = f"{len(self.blocks)} blocks ({', '.join(TITLES)})"
        if self.is_seed:
            return f"seed document {self.path}: {titles}, sha256 {self.sha256}"
        return (
            f"NO SEED DOCUMENT at {wanted()}: ran on equivalents of our own writing, "
            f"{self.path.relative_to(ROOT)}: {titles}; {VARIABLE} names the document"
        )


def wanted() -> Path:
    return Path(os.environ.get(VARIABLE) or DEFAULT).resolve()


def read() -> Document:
    """The seed document, or its equivalents where there is none."""
    return cut(wanted() if wanted().is_file() else EQUIVALENTS)


def cut(path: Path) -> Document:
    data = path.read_bytes()
    blocks = tuple(_blocks(data.decode()))
    if len(blocks) != len(TITLES):
        raise ValueError(f"{path} has {len(blocks)} Python blocks, expected {len(TITLES)}: {', '.join(TITLES)}")
    return Document(path, hashlib.sha256(data).hexdigest(), blocks)


def _blocks(text: str) -> list[str]:
    """As Markdown reads a block inside a tab: each line loses as much indentation as its fence has, and no more."""
    found = []
    for match in _FENCE.finditer(text):
        indent = len(match["indent"])
        found.append(re.sub(rf"^ {{0,{indent}}}", "", match["body"], flags=re.MULTILINE) if indent else match["body"])
    return found
