"""The Python of a Jupyter notebook: its code cells in their order, without what only a notebook understands. Pure but
for the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

from launch.errors import InvalidBundleError

NOTEBOOK = ".ipynb"
_MAGIC = ("%", "!", "?")


def notebook_code(file: Path) -> str:
    """One text, each cell below the other. Lines that begin with %, ! or ? are left out, and whole cells of %%magic;
    the line stays as a comment. InvalidBundleError where the file is not a notebook."""
    try:
        book = json.loads(file.read_text(encoding="utf-8"))
        cells = book["cells"]
        texts = [_code(cell) for cell in cells if cell.get("cell_type") == "code"]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidBundleError(f"cannot read {file}: {error}") from error
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise InvalidBundleError(
            f"{file} is not a Jupyter notebook of format 4: save it in Jupyter, or export it as a .py file"
        ) from error
    return "\n".join(texts)


def _code(cell: Any) -> str:
    source = cell["source"]
    lines = ("".join(source) if isinstance(source, list) else str(source)).splitlines()
    whole = bool(lines) and lines[0].lstrip().startswith("%%")
    return "\n".join(_lines(lines, whole)) + "\n"


def _lines(lines: Any, whole: bool) -> Iterator[str]:
    for line in lines:
        text = line.lstrip()
        if whole or text.startswith(_MAGIC):
            indent = line[: len(line) - len(text)]
            yield f"{indent}pass  # {text}" if indent else f"# {text}"
        else:
            yield line
