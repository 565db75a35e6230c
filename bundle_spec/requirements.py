"""Which entries spec.bundle.requirements may hold: one check for operator, client and command, before a pod starts.

What is refused whatever it names (options, paths, other sources) is `requirement_rule`, which the install step asks
once more; the rest is read by the library that defines how a requirement is written (PEP 508). Python 3.8+, and not
in the user's image.
"""

from __future__ import annotations

from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from bundle_spec.requirement_rule import EXAMPLE, problem, without_comment

_LONGEST_QUOTE = 100
_MOST_NAMED = 10


def check_requirements(entries: Any) -> None:
    """ValueError with the path of each entry that is not a requirement, and why. Unset is fine."""
    if not isinstance(entries, (list, tuple, type(None))):
        raise ValueError("$.requirements must be a list, each entry one requirement")  # noqa: TRY004 - a bad value
    found = []
    for index, entry in enumerate(entries or []):
        why = _why(entry)
        if why:
            shown = repr(entry) if len(repr(entry)) <= _LONGEST_QUOTE else repr(entry)[:_LONGEST_QUOTE] + " ..."
            found.append(f"requirements[{index}] is {shown}: {why}")
    if found:
        more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise ValueError(f"$.{'; '.join(found[:_MOST_NAMED])}{more}. {EXAMPLE}")


def _why(entry: Any) -> str | None:
    if not isinstance(entry, str):
        return "it is not a text, put it in quotes"
    text = without_comment(entry)
    if not text:
        return None
    refused = problem(text)
    if refused:
        return refused
    try:
        Requirement(text)
    except InvalidRequirement as error:
        said = str(error).splitlines()[0]  # below it the text is shown again, with a mark
        return said[:1].lower() + said[1:].rstrip(".")
    return None
