"""Which files install has installed, and what of it was built from source: only wheels are promised to be reproducible.

Pure. install runs in the user's image, so what it reports is taken in its own form only.
"""

import re
from collections.abc import Sequence

from bundle_runtime.contract.layer import LONGEST_NAME, MOST_NAMES
from modelbundle_operator.judge.reports import Report, told_digest

_PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!_-]+")
_SHOWN = 8


def files_and_sources(report: Report | None) -> tuple[str, tuple[str, ...]]:
    """The digest of the list of files, and the packages that were built."""
    more = report.more if report is not None else {}
    files, built = told_digest(more.get("files")), more.get("fromSource")
    if not files:
        return "", ()
    names = built[:MOST_NAMES] if isinstance(built, list) else []
    return files, tuple(name for name in names if isinstance(name, str) and _is_pinned(name))


def built_words(names: Sequence[str]) -> str:
    """A sentence about them; empty where none was built."""
    if not names:
        return ""
    left = len(names) - _SHOWN
    more = f" and {left}{' or more' if len(names) == MOST_NAMES else ''} others" if left > 0 else ""
    return (
        f"Built from source: {', '.join(names[:_SHOWN])}{more}; only wheels are promised to be the same in each "
        "installation."
    )


def _is_pinned(name: str) -> bool:
    return len(name) <= LONGEST_NAME and _PINNED.fullmatch(name) is not None
