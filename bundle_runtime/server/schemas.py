"""Both schemas of the bundle, compiled once; a violation says where it is, not only that it is.

By the draft that `$schema` names, 2020-12 where it names none. prepare has compiled the same schemas before, in a
process with limits; what is over the limits that need no compiling is refused here too.
"""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs

from bundle_runtime.schema_compiling import compiled
from bundle_runtime.server.schema_growth import Growth
from bundle_spec.schema_limits import problem

MAX_VIOLATIONS = 100
MAX_MESSAGE = 300
# values within a value: jsonschema_rs finds all violations before it gives the first, at 25 us each
MAX_VALUES = 10_000
MAX_CHECKS = 40_000  # subschemas that look at those values
MAX_BACKTRACKING = 100  # values, where a pattern may take 5 ms for each
_BRANCHES = ('"anyOf"', '"oneOf"')
_BACKTRACKING = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9k]")  # lookaround and backreferences, in the text of a pattern

Violation = dict[str, str]


class Schema:
    """``accepts`` is the hot path; violations() is asked only when it is False."""

    def __init__(self, schema: Any) -> None:
        if found := problem(schema):
            raise ValueError(found.removeprefix(": "))
        validator = compiled(schema)
        self.accepts = validator.is_valid
        self._errors = validator.iter_errors
        self._first = validator.validate
        text = json.dumps(schema)
        self._growth = Growth(schema)
        self._most = MAX_BACKTRACKING if _BACKTRACKING.search(text) else MAX_VALUES
        self._branches = any(word in text for word in _BRANCHES)  # of which even the first violation has all the others

    def violations(self, value: Any) -> list[Violation]:
        """Path and message of each, MAX_VIOLATIONS at most; of a large value fewer."""
        try:
            return self._found(value)
        except ValueError as error:  # jsonschema_rs copies what breaks the schema, 255 levels of it at most
            why = "the value is nested too deeply" if "Recursion" in str(error) else str(error)
            return [_at_root(f"{why}: the place of the violation cannot be shown")]

    def _found(self, value: Any) -> list[Violation]:
        count, depth = _size(value, self._most)
        if count > self._most or count * self._growth.most(depth) > MAX_CHECKS:
            return self._found_in_large(value)
        found: list[Violation] = []
        for error in self._errors(value):
            if len(found) == MAX_VIOLATIONS:
                found.append(_at_root(f"more than {MAX_VIOLATIONS} violations: the rest is left out"))
                break
            found.append({"path": json_path(error.instance_path), "message": _message(error)})
        return found

    def _found_in_large(self, value: Any) -> list[Violation]:
        if not self._branches:
            try:
                self._first(value)
            except jsonschema_rs.ValidationError as error:
                first = {"path": json_path(error.instance_path), "message": _message(error)}
                return [first, _at_root("the value is too large to look for more violations")]
        return [_at_root("the value is too large to show the place of a violation")]


def _size(value: Any, most: int) -> tuple[int, int]:
    """How many values there are, and how deep they lie; looked at no further than it takes to know that."""
    count, depth = 1, 0
    level = [value]
    while level and count <= most:
        inner: list[Any] = []
        for each in level:
            if type(each) is dict:
                inner.extend(each.values())
            elif type(each) is list:
                inner.extend(each)
            if count + len(inner) > most:
                break
        count += len(inner)
        depth += bool(inner)
        level = inner
    return count, depth


def compile_schema(schema: Any) -> Schema | None:
    """None when there is none: a bundle without schemas costs nothing."""
    return None if schema is None else Schema(schema)


def json_path(steps: list[str | int]) -> str:
    """From the root: ``$.name[0]``."""
    path = "$"
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.isidentifier():
            path += f".{step}"
        else:
            path += "[" + repr(step) + "]"
    return path


def _at_root(message: str) -> Violation:
    return {"path": "$", "message": message}


def _message(error: jsonschema_rs.ValidationError) -> str:
    message = _short(error.message)
    branches = getattr(error.kind, "context", None)  # of anyOf and oneOf: why each one did not fit
    if not branches:
        return message
    reasons = [
        f"({number}) " + "; ".join(f"{json_path(inner.instance_path)}: {_short(inner.message)}" for inner in branch[:3])
        for number, branch in enumerate(branches[:8], 1)
        if branch
    ]
    return f"{message}: {' '.join(reasons)}"


def _short(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 5] + "[...]"
