"""Which entries spec.bundle.requirements may hold: one check for operator, client and command, before a pod starts.

What is refused whatever it names (options, paths, other sources) is `requirement_rule`, which the install step asks
once more; the rest is read by the library that defines how a requirement is written (PEP 508). Python 3.8+, and not
in the user's image.
"""

from __future__ import annotations

from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from bundle_spec.requirement_rule import (
    EXAMPLE,
    LONGEST_ENTRY,
    problem,
    split_hashes,
    without_comment,
    without_login,
)

_LONGEST_QUOTE = 100
_LONGEST_REST = 20
_INDENT = 4  # of the text that the library shows
_MOST_NAMED = 10
_MOST_ALIKE = 50


def check_requirements(entries: Any) -> None:
    """ValueError with the path of each entry that is not a requirement, and why. Unset is fine."""
    if not isinstance(entries, (list, tuple, type(None))):
        raise ValueError("$.requirements must be a list, each entry one requirement")  # noqa: TRY004 - a bad value
    listed = entries or []
    refused: dict[str, list[int]] = {}
    for index, entry in enumerate(listed):
        why = _why(entry)
        if why:
            refused.setdefault(why, []).append(index)
    if refused:
        said = [_said(listed[places[0]], why, places) for why, places in list(refused.items())[:_MOST_NAMED]]
        left = sum(len(places) for places in list(refused.values())[_MOST_NAMED:])
        raise ValueError(f"$.{'; '.join(said)}{f'; and {left} more' if left else ''}. {EXAMPLE}")


def _said(entry: Any, why: str, places: list[int]) -> str:
    """The first entry with that reason in full, and where the others are: a list made elsewhere has it line by line."""
    quoted = without_login(repr(entry))
    shown = quoted if len(quoted) <= _LONGEST_QUOTE else f"{quoted[:_LONGEST_QUOTE]} ..."
    others = ", ".join(f"[{index}]" for index in places[1 : _MOST_ALIKE + 1])
    more = f" and {len(places) - 1 - _MOST_ALIKE} more" if len(places) - 1 > _MOST_ALIKE else ""
    return f"requirements[{places[0]}] is {shown}: {why}" + (f" (so too requirements{others}{more})" if others else "")


def _why(entry: Any) -> str | None:
    if not isinstance(entry, str):
        return "it is not a text, put it in quotes"
    text = without_comment(entry)
    if not text:
        return None
    refused = problem(text)
    if refused:
        return refused
    length, (text, hashes) = len(text), split_hashes(text)
    if hashes and length > LONGEST_ENTRY:
        return (
            f"with its {len(hashes)} hashes it has {length} characters, and {LONGEST_ENTRY} are taken: leave those of "
            "files for other systems out, or leave --hash out and let `modelbundle lock` write those that have run"
        )
    try:
        Requirement(text)
    except InvalidRequirement as error:
        return _unreadable(text, str(error).splitlines())
    return None


def _unreadable(text: str, said: list[str]) -> str:
    """What the library expected, and what stands there: below its words it shows the text, then a mark in a line."""
    expected = said[0][:1].lower() + said[0][1:].rstrip(".")
    found = text[said[2].find("^") - _INDENT :][:_LONGEST_REST] if len(said) == 3 and "^" in said[2] else ""
    return f"{expected}, and not {found!r}" if found else expected
