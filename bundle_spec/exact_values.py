"""Which values mean the same to everybody who handles a bundle, and what to do about the others.

Two questions, one set of words for them, for operator, client and command: has a value a canonical form at all
(`check_canonical`), and does every writer on its way into the cluster leave it as it is (`check_survives`): kubectl's
client-side apply drops nulls, and 1.0 comes back as 1. Pure, and Python 3.8+.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Dict, List, NoReturn, Optional, Tuple

from bundle_spec.json_path import Part, below

LARGEST_INTEGER = 2**53 - 1  # beyond it JSON readers disagree about the value (RFC 8785, RFC 7493)
DEEPEST = 200  # levels of lists and mappings; parsers end a process, or give up, at some hundred

# a linked list from the inside out: of a value that is fine no path is written
_Place = Optional[Tuple[Any, Part]]

_IN_CONFIG = re.compile(r"\$(\.spec\.bundle)?\.appConfig\b")


def check_canonical(value: Any, path: str = "$") -> None:
    """ValueError with the path of the first value that canonical JSON cannot carry exactly."""
    _check(value, None, path, False)


def check_survives(value: Any, path: str = "$") -> None:
    """ValueError with the path of the first value that is not the same any more once it is in the cluster."""
    _check(value, None, path, True)


_KINDS = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}


def read_config_json(text: Any) -> Dict[str, Any]:
    """What appConfigJSON says; ValueError when it is not a JSON object."""
    if not isinstance(text, str):
        raise ValueError("$.appConfigJSON must be a JSON text: put it in quotes")  # noqa: TRY004 - a bad value
    try:
        value = json.loads(text, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"$.appConfigJSON is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"$.appConfigJSON must be a JSON object, like appConfig; it is {_KINDS[type(value)]}")  # noqa: TRY004
    return value


def no_constant(name: str) -> NoReturn:
    """For json.loads, which takes NaN and Infinity."""
    raise ValueError(f"{name} is not JSON")


def _check(value: Any, place: _Place, root: str, survives: bool, level: int = 0) -> None:
    if level > DEEPEST:
        raise ValueError(
            f"{_shortened(_path(root, place))} is nested more than {DEEPEST} levels deep: put such a value into the"
            " artifact"
        )
    if isinstance(value, str):
        if not is_unicode(value):
            raise ValueError(f"{_path(root, place)} {_HALF}")
    elif value is None:
        if survives:
            path = _path(root, place)
            raise ValueError(f"{path} is null, which kubectl apply drops and others keep: {_without_null(path)}")
    elif isinstance(value, bool):
        return
    elif isinstance(value, (int, float)):
        if not _is_exact(value, survives):
            raise ValueError(_of_number(value, _path(root, place)))
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            if not isinstance(name, str):
                raise ValueError(f"{_path(root, place)} has the key {name!r}, which is not a string: put it in quotes")  # noqa: TRY004
            if not is_unicode(name):
                raise ValueError(f"{_path(root, place)} {_HALF}")
            _check(entry, (place, name), root, survives, level + 1)
    elif isinstance(value, (list, tuple)):
        for index, entry in enumerate(value):
            _check(entry, (place, index), root, survives, level + 1)
    else:
        kind = type(value).__name__
        raise ValueError(f"{_path(root, place)} is a {kind}, which JSON does not have: put it in quotes")


def _path(root: str, place: _Place) -> str:
    steps: List[Part] = []
    while place is not None:
        place, step = place
        steps.append(step)
    path = root
    for step in reversed(steps):
        path = below(path, step)
    return path


def _shortened(path: str) -> str:
    return path if len(path) <= 200 else f"{path[:200]}..."


_HALF = "holds half a surrogate pair, which is not a character"


def is_unicode(value: str) -> bool:
    """Not so where half a surrogate pair stands alone."""
    if value.isascii():
        return True
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_exact(value: float, survives: bool) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if abs(value) > LARGEST_INTEGER and value == int(value):
        return False
    return not (survives and isinstance(value, float) and value == int(value))


def _of_number(value: float, path: str) -> str:
    """What is the matter with a number that is not exact."""
    in_config = _IN_CONFIG.match(path)
    way_out = "write it in appConfigJSON, or as a string" if in_config else "write it as a string"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path} is {value}, which JSON does not have: {way_out}"
    if abs(value) > LARGEST_INTEGER:
        return f"{path} is {value}, outside +-(2^53-1), where JSON readers disagree about integers: {way_out}"
    way_out = f"write it in appConfigJSON, or as {int(value)}" if in_config else f"write {int(value)}"
    return f"{path} is {value}, which comes back from the cluster as the integer {int(value)}: {way_out}"


def _without_null(path: str) -> str:
    if _IN_CONFIG.match(path):
        return "leave it out, or write it in appConfigJSON"
    return 'leave it out (in a schema, `const: null` is `type: "null"`)'
