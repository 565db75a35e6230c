"""What docs/how-to/launch-client.md and README.md show: Python blocks that make a script, and a change of code."""

from __future__ import annotations

from tools.testkit.page_blocks import ROOT, Block, blocks

PAGE = ROOT / "docs" / "how-to" / "launch-client.md"
README = ROOT / "README.md"


def script() -> str:
    """The page's blocks, one after the other."""
    return "\n\n".join(block.text for block in _of("python"))


def readme() -> str:
    (block,) = [block for block in blocks() if block.page == README and block.is_python]
    return block.text


def change() -> tuple[str, str]:
    """The lines that go, and those that come."""
    (block,) = _of("diff")
    lines = block.text.splitlines(keepends=True)
    before, after = ([line[1:] for line in lines if line.startswith(sign)] for sign in "-+")
    return "".join(before), "".join(after)


def _of(language: str) -> list[Block]:
    return [block for block in blocks() if block.page == PAGE and block.language == language]
