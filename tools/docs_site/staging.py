"""The pages as mkdocs wants them: docs/ as it is, and beside it what its pages link to elsewhere in the repository.

A page of docs/ may link to a file of the checkout; the site has that file as a page below repository/. GitHub's
Markdown begins a list or a table without a blank line before it, and that of mkdocs does not: one is put there.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

ELSEWHERE = "repository"
LARGEST = 100_000  # bytes of a file that is shown; of a larger one the name is
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
_ITEM = re.compile(r"([-*]|\d+\.) ")
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".txt": "text"}


def stage(root: Path, target: Path) -> list[str]:
    """Write the tree that is built; returns the paths of the pages that are not below docs/, as they are there."""
    docs = root / "docs"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(docs, target)
    waiting = sorted(docs.rglob("*.md"))
    done: set[Path] = set(waiting)
    while waiting:
        source = waiting.pop()
        text, linked = page(source, root)
        place = target / staged(source, root)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        waiting += [path for path in linked if path not in done]
        done |= set(linked)
    return sorted(staged(path, root) for path in done if docs not in path.parents)


def page(source: Path, root: Path) -> tuple[str, list[Path]]:
    """The Markdown of a page, a file or a directory, and what it links to outside of docs/."""
    if source.is_dir():
        text = _listing(source)
    elif source.suffix == ".md":
        text = with_blank_lines(source.read_text(encoding="utf-8"))
    else:
        return _shown(source, root), []
    linked: list[Path] = []
    base = source if source.is_dir() else source.parent

    def moved(found: re.Match[str]) -> str:
        link, anchor = found.group(1), found.group(2) or ""
        if "://" in link or link.startswith("mailto:"):
            return found.group(0)
        path = (base / link).resolve()
        if path.is_dir() and (path / "README.md").is_file():
            path = path / "README.md"
        if root / "docs" not in path.parents:
            linked.append(path)
        elif root / "docs" in source.parents:
            return found.group(0)
        here = Path(staged(source, root)).parent
        return f"]({os.path.relpath(staged(path, root), here)}{anchor})"

    parts = _CODE.split(text)
    parts[::2] = [_LINK.sub(moved, part) for part in parts[::2]]
    return "".join(parts), linked


def staged(source: Path, root: Path) -> str:
    """Where a page, a file or a directory of the checkout is in the tree that is built."""
    path = source.relative_to(root)
    if path.parts[0] == "docs":
        return path.relative_to("docs").as_posix()
    place = Path(ELSEWHERE) / path
    if source.is_dir():
        return (place / "index.md").as_posix()
    return place.as_posix() if source.suffix == ".md" else f"{place.as_posix()}.md"


def with_blank_lines(text: str) -> str:
    """A blank line before each list and table that follows a line of text."""
    lines: list[str] = []
    in_code, before = False, ""
    for line in text.splitlines():
        if line.startswith("```"):
            in_code = not in_code
        elif not in_code and before and not before.startswith(("|", " ", "#", "<!--", "```")):
            item = _ITEM.match(line)
            if line.startswith("|") or (item and not _ITEM.match(before) and not _in_list(lines)):
                lines.append("")
        lines.append(line)
        before = line
    return "\n".join(lines) + "\n"


def _in_list(lines: list[str]) -> bool:
    """Whether the paragraph that these lines end with is an item's."""
    for line in reversed(lines):
        if not line:
            return False
        if _ITEM.match(line):
            return True
    return False


def _listing(directory: Path) -> str:
    names = sorted(path.name for path in directory.iterdir() if not path.name.startswith((".", "__")))
    rows = [f"- [{name}]({name})" if _is_shown(directory / name) else f"- {name}" for name in names]
    return f"# {directory.name}/\n\n" + "\n".join(rows) + "\n"


def _is_shown(path: Path) -> bool:
    return path.is_file() and (path.suffix in _LANGUAGES or path.suffix == ".md") and path.stat().st_size <= LARGEST


def _shown(file: Path, root: Path) -> str:
    name = file.relative_to(root).as_posix()
    if not _is_shown(file):
        return f"# {file.name}\n\n`{name}` in the repository.\n"
    return f"# {file.name}\n\n`{name}`\n\n````{_LANGUAGES[file.suffix]}\n{file.read_text(encoding='utf-8')}````\n"
