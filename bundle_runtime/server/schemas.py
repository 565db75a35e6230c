"""Both schemas of the bundle, compiled once; a violation says where it is, not only that it is.

Draft 2020-12 unless the schema says otherwise. ``format`` is an annotation, as the draft has it. References stay inside
the schema: a server that fetches what a bundle names would be everybody's proxy.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs

MAX_VIOLATIONS = 100
MAX_MESSAGE = 300

Violation = dict[str, str]


class Schema:
    """``accepts`` is the hot path; violations() is asked only when it said no."""

    def __init__(self, schema: Any) -> None:
        validator = jsonschema_rs.validator_for(schema, offline=True)
        self.accepts = validator.is_valid
        self._errors = validator.iter_errors

    def violations(self, value: Any) -> list[Violation]:
        try:
            return self._found(value)
        except ValueError as error:  # jsonschema_rs copies what breaks the schema, 255 levels of it at most
            why = "the value is nested too deeply" if "Recursion" in str(error) else str(error)
            return [_at_root(f"{why}: no place of a violation can be told")]

    def _found(self, value: Any) -> list[Violation]:
        found: list[Violation] = []
        for error in self._errors(value):
            if len(found) == MAX_VIOLATIONS:
                found.append(_at_root(f"more than {MAX_VIOLATIONS} violations: the rest is left out"))
                break
            found.append({"path": json_path(error.instance_path), "message": _message(error)})
        return found


def compile_schema(schema: Any) -> Schema | None:
    """None when there is none: a bundle without schemas costs nothing."""
    return None if schema is None else Schema(schema)


def json_path(steps: list[str | int]) -> str:
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
