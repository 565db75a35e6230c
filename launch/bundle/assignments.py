"""What `--set PATH=VALUE` means: where the value goes and of which type it is. Pure.

In appConfig and the schemas a value that is JSON is that value and anything else is text, so `3` is a number, `true` a
boolean and `batched` a text. Everywhere else the field knows its type: 2.10 is a version there, never a number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple

from bundle_spec.exact_values import no_constant
from bundle_spec.json_path import Part, Path, read, write
from launch.bundle.content import FIELDS
from launch.bundle.differences import CONFIG, CONFIG_JSON, MISSING, app_config

TYPED = (CONFIG, "requestSchema", "responseSchema")
_LISTS = {"requirements": "--requirements FILE", "env": "--env NAME=VALUE"}
_NO_VALUES = "give it as JSON, such as "


class AssignmentError(ValueError):
    """The words cannot be understood, or there is no such place; the text says what to write."""


def split(text: str) -> Tuple[Path, str]:
    """PATH=VALUE in two; a = belongs to the value unless it stands in quotes within the path."""
    for at, character in enumerate(text):
        if character == "=":
            try:
                return field_path(text[:at]), text[at + 1 :]
            except AssignmentError:
                raise
            except ValueError:
                continue
    raise AssignmentError(f"{text!r} is not PATH=VALUE, such as appConfig.mode=batched")


def field_path(text: str) -> Path:
    """A path below spec.bundle; AssignmentError when it starts with no field of a bundle."""
    path = read(text)
    if path[:2] == ("spec", "bundle"):
        path = path[2:]
    if not path or path[0] not in FIELDS:
        raise AssignmentError(f"{text} is not in a field of a bundle; there are {', '.join(FIELDS)}")
    if path[0] == CONFIG_JSON and len(path) > 1:
        return (CONFIG, *path[1:])
    return path


def typed(path: Path, text: str) -> Any:
    """The value that the text stands for at this place."""
    field, whole = path[0], len(path) == 1
    if field in _LISTS:
        if not whole:
            raise AssignmentError(f"{write(path)}: use {_LISTS[str(field)]}, or set {field} as a JSON list")
        return _json_of(list, path, text, _NO_VALUES + "[] to clear it")
    if field in (*TYPED, "envParams") and whole:
        return _json_of(dict, path, text, _NO_VALUES + "{} to clear it" if field in TYPED else _NO_VALUES + "an object")
    if field in TYPED:
        try:
            return json.loads(text, parse_constant=no_constant)
        except RecursionError:
            raise AssignmentError(f"{write(path)} is nested too deeply: put such a value into the artifact") from None
        except ValueError:
            return text
    return text


def with_value(fields: Mapping[str, Any], path: Path, value: Any) -> Dict[str, Any]:
    """The fields with the value at the path; objects on the way are made, lists grow by one at their end."""
    field = str(path[0])
    if len(path) == 1:
        kept = {key: entry for key, entry in fields.items() if {key, field} != {CONFIG, CONFIG_JSON}}
        return {**kept, field: value}
    if field == CONFIG:  # in whichever spelling it was
        present = app_config(fields)
        return with_value(fields, (CONFIG,), _placed({} if present is MISSING else present, path, 1, value))
    return {**fields, field: _placed(fields.get(field, {}), path, 1, value)}


def without_value(fields: Mapping[str, Any], path: Path) -> Dict[str, Any]:
    """The fields without what is at the path, which has to be there."""
    field = str(path[0])
    if len(path) == 1:
        raise AssignmentError(f"a whole field is inherited when it is left out; {field}={_empty(field)} clears it")
    present = app_config(fields) if field == CONFIG else fields.get(field, MISSING)
    return with_value(fields, (path[0],), _removed(present, path, 1))


def env_entry(text: str) -> Tuple[str, Optional[str]]:
    """Name and value; None removes it. AssignmentError when the words are neither."""
    name, given, value = text.partition("=")
    if given and name:
        return name, value
    if not given and text.endswith("-") and text[:-1]:
        return text[:-1], None
    raise AssignmentError(f"--env {text}: write NAME=VALUE to set a variable, NAME- to remove one that the base has")


def _placed(inside: Any, path: Path, at: int, value: Any) -> Any:
    if at == len(path):
        return value
    part = path[at]
    if isinstance(part, int):
        entries: List[Any] = list(inside) if isinstance(inside, list) else _nothing(path, at, "no list")
        if part > len(entries):
            _nothing(path, at, f"{len(entries)} entries")
        entries[part : part + 1] = [_placed(_entry(entries, part), path, at + 1, value)]
        return entries
    if not isinstance(inside, Mapping):
        _nothing(path, at, "no object")
    return {**inside, part: _placed(inside.get(part, {}), path, at + 1, value)}


def _removed(inside: Any, path: Path, at: int) -> Any:
    part = path[at]
    if not (_has(inside, part) if isinstance(inside, list) else isinstance(inside, Mapping) and part in inside):
        raise AssignmentError(f"{write(path)} cannot be removed: there is nothing at {write(path[: at + 1])}")
    kept: Any = dict(inside) if isinstance(inside, Mapping) else list(inside)
    if at + 1 == len(path):
        del kept[part]
    else:
        kept[part] = _removed(inside[part], path, at + 1)
    return kept


def _has(entries: Sequence[Any], part: Part) -> bool:
    return isinstance(part, int) and part < len(entries)


def _entry(entries: Sequence[Any], index: int) -> Any:
    return entries[index] if index < len(entries) else {}


def _nothing(path: Path, at: int, what: str) -> NoReturn:
    raise AssignmentError(f"{write(path)}: {write(path[:at])} has {what}")


def _json_of(kind: type, path: Path, text: str, example: str) -> Any:
    try:
        value = json.loads(text, parse_constant=no_constant)
    except RecursionError:
        raise AssignmentError(f"{write(path)} is nested too deeply: put such a value into the artifact") from None
    except ValueError as error:
        raise AssignmentError(f"{write(path)}={text} is not valid JSON: {error}; {example}") from None
    if not isinstance(value, kind):
        wanted = "a JSON list" if kind is list else "a JSON object"
        raise AssignmentError(f"{write(path)} must be {wanted}; {example}")
    return value


def _empty(field: str) -> str:
    return "[]" if field in _LISTS else "{}"
