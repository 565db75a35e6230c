"""Why versions do not go together, and the smallest change that makes them: found by resolving again, not in words.

Without the image's versions it shows which of them are in the way, and by which chain; with one entry relaxed or left
out, which entry it is. Ten tries at most, and no longer than a minute: the cache has all that they ask for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from bundle_runtime.contract.report import REQUIREMENT_NOT_FOUND, REQUIREMENTS_CONFLICT, RuntimeFailure, fail
from bundle_runtime.worker.install.pep440 import same
from bundle_runtime.worker.install.requires import normalised
from bundle_runtime.worker.install.resolution import (
    Claim,
    ImageBrokenError,
    Resolved,
    Workplace,
    broken_claims,
    compiled,
    resolve,
)
from bundle_runtime.worker.install.uv import UvFailedError
from bundle_spec.requirement_rule import package_name

MOST_TRIES = 10
_MOST_SECONDS = 60.0
_MOST_RELAXED = 5
_ENTRY = re.compile(r"\s*(?P<name>[A-Za-z0-9._-]+\s*(?:\[[^\]]*\])?)\s*(?P<versions>\(?[<>=!~][^;]*)(?P<marker>;.*)?$")


class Tries:
    """Resolutions that nobody asked for: as many and as long as they may be."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.left = MOST_TRIES
        self.until = time.monotonic() + _MOST_SECONDS

    def resolve(self, entries: Sequence[str], *, with_image: bool = True) -> list[Resolved] | None:
        """What they lead to; None when they lead nowhere, or when there is no try left."""
        seconds = self.until - time.monotonic()
        if self.left <= 0 or seconds <= 1:
            self.left = 0
            return None
        self.left -= 1
        try:
            if with_image:
                return resolve(self.place, entries, seconds)
            return compiled(self.place, entries, with_image=False, seconds=seconds)
        except (UvFailedError, ImageBrokenError):
            return None


def diagnose(failed: UvFailedError | ImageBrokenError, place: Workplace, entries: Sequence[str]) -> RuntimeFailure:
    """RequirementsConflict with the chain and the smallest change; RequirementNotFound for what no index can give."""
    tries = Tries(place)
    if isinstance(failed, ImageBrokenError):
        free: list[Resolved] | None = list(failed.lines)
        quoted = f" uv: {failed.failed.line}" if failed.failed else ""
    else:
        free = tries.resolve(entries, with_image=False)
        quoted = f" uv: {failed.line}"
    if free is None and len(entries) == 1:
        change = _smallest_change(tries, entries, [])[0]
        why = f"{entries[0]} needs something that is not at the index for this Python"
        return fail(REQUIREMENT_NOT_FOUND, f"{why}. {change}{quoted}")
    in_the_way = _in_the_way(free or [], place, isinstance(failed, ImageBrokenError))
    ways = {name: chains_to(name, free or [], entries) for name in in_the_way}
    heads = list(dict.fromkeys(index for chains in ways.values() for index in chains))
    change, alone_too, changed = _smallest_change(tries, entries, heads)
    if in_the_way:
        reasons = [f"{why}, and {_chain(name, ways[name], changed)} leads to {_version_in(free or [], name)}"
                   for name, why in in_the_way.items()]  # fmt: skip
        return fail(REQUIREMENTS_CONFLICT, f"{'; '.join(reasons)}. {change} Or take another image.{quoted}")
    if alone_too:
        return fail(REQUIREMENT_NOT_FOUND, f"{alone_too}. {change}{quoted}")
    return fail(REQUIREMENTS_CONFLICT, f"the requirements exclude each other. {change}{quoted}")


def _in_the_way(lines: Sequence[Resolved], place: Workplace, pure_too: bool) -> dict[str, str]:
    """What of the image the lines exclude: from the name of the package that does it to the words."""
    found: dict[str, str] = {}
    for line in lines:
        there = place.image.get(line.name)
        if there and there.stays and there.comparable and line.version and not same(line.version, there.shown):
            found[line.name] = f"the image has {there.name}=={there.version}, which is kept as it is"
    for claim in broken_claims(lines, place.image):
        if pure_too or claim.package.stays:
            found[claim.need.name] = _needs(claim)
    return found


def chains_to(name: str, lines: Sequence[Resolved], entries: Sequence[str]) -> dict[int, str]:
    """The shortest way to the package from each entry that leads there, as `requirements[0] (a==1) -> b -> c`."""
    by_name = {line.name: line for line in lines}
    places = {normalised(package_name(entry) or ""): index for index, entry in reversed(list(enumerate(entries)))}
    chains: dict[int, str] = {}
    ways = [[name]]
    seen = {name}
    for way in ways:
        if way[0] in places:
            index = places[way[0]]
            chains[index] = " -> ".join([f"requirements[{index}] ({entries[index]})", *way[1:]])
        for above in by_name[way[0]].via if way[0] in by_name else ():
            if not above.startswith("-") and above not in seen:
                seen.add(above)
                ways.append([above, *way])
    return chains


def _chain(name: str, chains: Mapping[int, str], changed: int | None) -> str:
    """From the entry whose change solves it, where it is one that leads there."""
    if changed is not None and changed in chains:
        return chains[changed]
    return next(iter(chains.values()), name)


def relaxed(entry: str) -> str | None:
    """The entry without its versions; None for one that has none."""
    match = _ENTRY.match(entry)
    return f"{match['name'].strip()} {match['marker'] or ''}".strip() if match else None


def _smallest_change(tries: Tries, entries: Sequence[str], heads: Sequence[int]) -> tuple[str, str, int | None]:
    """The sentence that says what to change; why that entry cannot be installed alone, where it cannot; its place."""
    order = [*heads, *(index for index in range(len(entries)) if index not in heads)]
    looser = [(index, text) for index, text in ((index, relaxed(entries[index])) for index in order) if text]
    for index, text in looser[:_MOST_RELAXED]:
        lines = tries.resolve([*entries[:index], text, *entries[index + 1 :]])
        if lines is not None:
            name = normalised(package_name(text) or "")
            instead = _version_in(lines, name)
            change = f"To solve it, write {instead} in place of {entries[index]} (requirements[{index}])."
            return change, "" if heads else _alone(tries, entries, index), index
    for index in order if len(entries) > 1 else ():
        if tries.resolve([*entries[:index], *entries[index + 1 :]]) is not None:
            change = f"Without requirements[{index}] ({entries[index]}) the others can be installed: loosen or leave it"
            return f"{change} out.", "" if heads else _alone(tries, entries, index), index
    if tries.left:
        return "No change of a single entry solves it.", "", None
    return f"{MOST_TRIES} tries found no single entry whose change solves it.", "", None


def _alone(tries: Tries, entries: Sequence[str], index: int) -> str:
    """Why the entry cannot be installed even on its own, without the image; "" when it can, or there is no try left."""
    if len(entries) == 1 or not tries.left or tries.resolve([entries[index]], with_image=False) is not None:
        return ""
    return f"{entries[index]} needs something that is not at the index for this Python"


def _needs(claim: Claim) -> str:
    return f"the image's {claim.package.name} {claim.package.version} needs {claim.need.name}{claim.need.specifier}"


def _version_in(lines: Sequence[Resolved], name: str) -> str:
    return next((line.line.partition(";")[0].strip() for line in lines if line.name == name), name)
