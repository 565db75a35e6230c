"""In which values two bundles differ, each by its path. Pure.

Lists that people read by name are compared by name: env by the variable, requirements by the project. appConfig and
appConfigJSON are one field, so their values are compared, and how they are written only where that is all that differs.
Two contents without differences have one digest, and the other way round; artifact.uri is listed, and is in no digest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from bundle_spec.exact_values import read_config_json
from bundle_spec.json_path import Part, Path, write
from launch.bundle.content import FIELDS

CONFIG, CONFIG_JSON = "appConfig", "appConfigJSON"
URI = ("artifact", "uri")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


class Difference(NamedTuple):
    """One value that differs: where it is, and what it was and is; MISSING where there is none."""

    path: Path
    before: Any
    after: Any

    @property
    def change(self) -> str:
        """added, removed or changed."""
        return "added" if self.before is MISSING else "removed" if self.after is MISSING else "changed"

    @property
    def in_digest(self) -> bool:
        """Whether it makes another digest."""
        return self.path != URI

    def as_json(self) -> Dict[str, Any]:
        """The keys path, field, change, before, after and inDigest; before and after only where there is a value."""
        shown: Dict[str, Any] = {"path": write(self.path), "field": self.path[0], "change": self.change}
        shown.update({"before": self.before} if self.before is not MISSING else {})
        shown.update({"after": self.after} if self.after is not MISSING else {})
        return {**shown, "inDigest": self.in_digest}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> List[Difference]:
    """Of the fields of two contents, in the order of the fields."""
    found: List[Difference] = []
    for name in FIELDS:
        if name == CONFIG:
            found += _of_config(before, after)
        elif name != CONFIG_JSON:
            found += _of_value((name,), before.get(name, MISSING), after.get(name, MISSING))
    return found


def value_at(fields: Mapping[str, Any], path: Path) -> Any:
    """What stands at the path of a difference, or MISSING."""
    value = app_config(fields) if path[0] in (CONFIG, CONFIG_JSON) else fields.get(str(path[0]), MISSING)
    naming = _NAMES.get(path[:1])
    if naming and isinstance(value, list) and len(path) > 1 and isinstance(path[1], str):
        value = _named(value, naming) or MISSING
    for part in path[1:]:
        if isinstance(part, int) and isinstance(value, list):
            value = value[part] if part < len(value) else MISSING
        else:
            value = value.get(part, MISSING) if isinstance(value, Mapping) else MISSING
    return value


def app_config(fields: Mapping[str, Any]) -> Any:
    """The value of appConfig in whichever spelling, or MISSING."""
    if CONFIG_JSON in fields:
        return read_config_json(fields[CONFIG_JSON])
    return fields.get(CONFIG, MISSING)


def same(one: Any, other: Any) -> bool:
    """As JSON texts are the same: 1 is neither true nor 1.0. The order of keys does not count."""
    if one is MISSING or other is MISSING:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _of_config(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    values = list(_of_value((CONFIG,), app_config(before), app_config(after)))
    yield from values
    if not values:
        for name in (CONFIG, CONFIG_JSON):  # the same value, written in another way
            old, new = before.get(name, MISSING), after.get(name, MISSING)
            if not same(old, new):
                yield Difference((name,), old, new)


def _of_value(path: Path, before: Any, after: Any) -> Iterator[Difference]:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from _of_value((*path, key), before.get(key, MISSING), after.get(key, MISSING))
        return
    if isinstance(before, list) and isinstance(after, list):
        naming = _NAMES.get(path)
        yield from (_by_name(path, before, after, naming) if naming else _by_index(path, before, after))
        return
    yield Difference(path, before, after)


def _by_index(path: Path, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Difference]:
    for index in range(max(len(before), len(after))):
        old = before[index] if index < len(before) else MISSING
        new = after[index] if index < len(after) else MISSING
        yield from _of_value((*path, index), old, new)


def _by_name(path: Path, before: List[Any], after: List[Any], naming: _Naming) -> Iterator[Difference]:
    old, new = _named(before, naming), _named(after, naming)
    if old is None or new is None:  # two entries of one name
        yield from _by_index(path, before, after)
        return
    pairs = {key: (old.get(key, MISSING), new.get(key, MISSING)) for key in [*old, *new]}
    found = [entry for key, (one, other) in pairs.items() for entry in _of_value((*path, key), one, other)]
    yield from found or [Difference(path, before, after)]  # none: only their order differs


_Naming = Callable[[Any], Tuple[Part, Any]]


def _named(entries: List[Any], naming: _Naming) -> Optional[Dict[Part, Any]]:
    pairs = [naming(entry) for entry in entries]
    named = dict(pairs)
    return named if len(named) == len(pairs) else None


def _variable(entry: Any) -> Tuple[Part, Any]:
    return str(entry.get("name")), entry.get("value", "")


def _requirement(entry: Any) -> Tuple[Part, Any]:
    return project(str(entry)), entry


def project(requirement: str) -> str:
    """The normalised name of the project that a requirement asks for."""
    name = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
    return re.sub(r"[-_.]+", "-", name[1]).lower() if name else requirement.strip()


_NAMES: Dict[Path, _Naming] = {("requirements",): _requirement, ("env",): _variable}
