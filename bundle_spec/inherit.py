"""What a clone is, as a function: the base's content with the fields replaced that the clone sets.

The operator resolves clones with it and the CLI flattens and compares them, so one rule holds everywhere: what is set
replaces the whole field, what is unset is inherited, {} and [] clear. Pure, and Python 3.8+.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Dict, List, Set

# one field in two spellings: to set either replaces both
_SPELLINGS = ("appConfig", "appConfigJSON")
_CONFIG = "appConfig"
# a bundle has to have them, so they cannot be cleared
_NEVER_EMPTY = ("envParams",)
_NO_FIELDS = ("cloneFrom", "schemaVersion")


def inherit(base: Mapping[str, Any], clone: Mapping[str, Any]) -> Dict[str, Any]:
    """The fields of a clone's bundle: spec.bundle as it would stand without cloneFrom.

    `base` is such fields too, or a bundle document together with the artifact's URI; `clone` is spec.bundle of the
    clone. ValueError when the clone sets what a clone cannot.
    """
    changes = {name: value for name, value in clone.items() if value is not None and name not in _NO_FIELDS}
    if "artifact" in changes:
        raise ValueError("$.artifact cannot be changed by a clone: another artifact is another bundle")
    for name in _NEVER_EMPTY:
        if name in changes and not changes[name]:
            raise ValueError(f"$.{name} cannot be cleared, as a bundle needs it: leave it out to inherit it")
    replaced = set(changes)
    if replaced & set(_SPELLINGS):
        replaced |= set(_SPELLINGS)
    kept = {name: value for name, value in base.items() if name not in replaced and name not in _NO_FIELDS}
    return {name: value for name, value in {**kept, **changes}.items() if value is not None and not _empty(value)}


def changed(base: Mapping[str, Any], clone: Mapping[str, Any]) -> List[str]:
    """The fields in which two bundle documents differ, sorted."""
    return sorted(named(name for name in {**base, **clone} if base.get(name) != clone.get(name)))


def named(fields: Iterable[str]) -> Set[str]:
    """The fields, as changes are listed: both spellings of appConfig go by one name."""
    return {_CONFIG if name in _SPELLINGS else name for name in fields}


def _empty(value: Any) -> bool:
    return isinstance(value, (dict, list)) and not value
