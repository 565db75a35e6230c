"""docs/explanation/public-requirement-lists.md, which is made of the lists that tests install."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from tests.bundle_runtime.worker.install.public import odd_lists, plain_lists
from tests.bundle_runtime.worker.install.public.images import IMAGES
from tests.bundle_runtime.worker.install.public.lists import ROWS
from tests.bundle_runtime.worker.install.public.row import Came, PublicList

_HEAD = """# Requirement lists of public repositories

{count} lists, or the lines of them that say most, as found in public repositories, each asked for as
`spec.bundle.requirements` on three images: {times} real runs of the container `install`. In {installed} all is
installed and can be imported; in {breaks} it is installed, the import fails, and the worker names the package to
change; in {refused} the list is refused with what leads to the fix. `make examples` asks again, and holds the words.

| image | CPython | what it has |
|---|---|---|
{images}

Stand-ins have the name and version of what a vendor builds, and nothing in them. Where a list needs PyTorch and may
have any version, a stand-in of it lies at an extra index.

## Lists of requirements
{plain}

## Lists with lines that are no requirements
Client, `modelbundle check` and operator refuse these before a pod starts, whatever the image; `install` would refuse
them too. Lines of one kind are said once, with the places of all.

{odd}
"""


def public_lists() -> str:
    """The page."""
    came = [getattr(row, name) for row in ROWS for name in IMAGES]
    kinds = Counter("refused" if one.reason else "breaks" if one.says else "installed" for one in came)
    return _HEAD.format(
        count=len(ROWS),
        times=len(came),
        **kinds,
        images="\n".join(map(_image, IMAGES)),
        plain=_table(plain_lists.ROWS, ("list", *IMAGES), _of_each_image),
        odd=_table(odd_lists.ROWS, ("list", "said"), lambda row: (_quoted(row.before),)),
    )


def _image(name: str) -> str:
    series, packages, vendor = IMAGES[name]
    stand_ins = ", ".join(f"`{package} {version}`" for package, version in vendor)
    parts = [", ".join(f"`{package}`" for package in packages), f"stand-ins: {stand_ins}" if vendor else ""]
    return f"| {name} | {series} | {', '.join(filter(None, parts)) or 'nothing'} |"


def _table(rows: Sequence[PublicList], head: Sequence[str], cells: Callable[[PublicList], tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', '&#124;') for cell in (_list(row), *cells(row)))} |" for row in rows]
    return "\n".join(lines)


def _list(row: PublicList) -> str:
    written = "<br>".join(f"`{line.strip()}`" for line in row.lines)
    beside = f"<br>at an extra index: {', '.join(' '.join(one) for one in row.extra)}" if row.extra else ""
    return f"[{row.repository}](https://github.com/{row.repository}) {row.path}<br>{written}{beside}"


def _of_each_image(row: PublicList) -> tuple[str, ...]:
    return tuple(_said(getattr(row, name)) for name in IMAGES)


def _said(came: Came) -> str:
    rows = " or ".join(f"[{code}](../how-to/troubleshooting.md#{code})" for code in came.advice)
    known = f", {rows}" if rows else ""
    if came.reason:
        return f"{came.reason}: {_quoted(came.says)}{known}"
    return f"installed, and the import fails: {_quoted(came.says)}{known}" if came.says else "installed, imports"


def _quoted(says: tuple[str, ...]) -> str:
    return " ... ".join(f'"{words}"' for words in says)
