"""Reading termination messages, which anybody may have written.

prepare is ours. install and the worker run in the user's image with the user's code, so whatever they say is checked
for shape and quoted, never believed beyond an allow-list (docs/reference/pod-contract.md, "Reports").
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from bundle_runtime.contract.report import valid_unicode
from modelbundle_operator.api.names import Reason

BY_PREPARE = frozenset(
    {
        Reason.ARTIFACT_NOT_FOUND,
        Reason.STORE_UNREACHABLE,
        Reason.STORE_ACCESS_DENIED,
        Reason.ARTIFACT_DIGEST_MISMATCH,
        Reason.ARTIFACT_UNSAFE,
        Reason.INVALID_SCHEMA,
        Reason.INVALID_VALUE,
        Reason.SECRET_NOT_FOUND,
        Reason.BUNDLE_DOCUMENT_MISMATCH,
    }
)
BY_INSTALL = frozenset(
    {
        Reason.REQUIREMENT_NOT_FOUND,
        Reason.REQUIREMENTS_CONFLICT,
        Reason.INSTALL_FAILED,
        Reason.INDEX_UNREACHABLE,
        Reason.PYTHON_MISMATCH,
        Reason.BUNDLE_DOCUMENT_MISMATCH,
    }
)
# in install's place, in the Job that tries a bundle without a GPU; they are about the artifact
BY_PRECHECK = frozenset({Reason.UNPICKLE_FAILED, Reason.LOAD_FUNCTION_NOT_FOUND, Reason.LOAD_FAILED})
BY_WORKER = frozenset(
    {
        Reason.PYTHON_MISMATCH,
        Reason.UNPICKLE_FAILED,
        Reason.LOAD_FUNCTION_NOT_FOUND,
        Reason.LOAD_FAILED,
        Reason.STARTUP_TIMEOUT,
        Reason.BUNDLE_DOCUMENT_MISMATCH,
    }
)
BY_SERVER = frozenset({Reason.INVALID_SCHEMA, Reason.BUNDLE_DOCUMENT_MISMATCH})
ALLOWED: dict[str, frozenset[Reason]] = {
    "prepare": BY_PREPARE,
    "install": BY_INSTALL | BY_PRECHECK,
    "worker": BY_WORKER,
    "server": BY_SERVER,
}

_LONGEST = 1500
_BRIEF = 600
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PHASE = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,31}")
# controls of terminals, of YAML's readers, and of the direction of text: the reader of a condition sees what is written
_CONTROL = re.compile(
    r"(?:[^\S\n]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff])+"
)


@dataclass(frozen=True)
class Report:
    """What a container said as it ended."""

    reason: str
    message: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


def parse(text: str) -> Report | None:
    """The report in a termination message; None when it is something else, such as the last lines of a log."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("reason"), str):
        return None
    message = data.get("message")
    return Report(
        reason=data["reason"],
        message=quoted(message) if isinstance(message, str) else "",
        seconds=_seconds(data.get("seconds")),
        more={
            valid_unicode(name): quoted(value) if isinstance(value, str) else value
            for name, value in data.items()
            if name not in ("reason", "message", "seconds")
        },
    )


def told_digest(value: Any) -> str:
    """A value of a report, which may be anything, as a digest; empty where it is none."""
    return value if isinstance(value, str) and _DIGEST.fullmatch(value) else ""


def quoted(text: str) -> str:
    """Foreign words made fit for a condition: no control characters, no more than a screen; the end counts most.

    Half a surrogate pair is written out: the API server refuses a status that holds one.
    """
    text = valid_unicode(_CONTROL.sub(" ", text).strip())
    return text if len(text) <= _LONGEST else text[: _LONGEST // 3] + " [...] " + text[-2 * _LONGEST // 3 :]


def brief(text: str) -> str:
    """Foreign words as a part of a sentence of ours: the same, shorter and without a full stop."""
    text = quoted(text).rstrip(". ")
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}..."


def whole_number(value: object) -> int | None:
    """A count that a status field can hold."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _seconds(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    return {
        name: round(float(seconds), 3)
        for name, seconds in list(value.items())[:16]
        if _PHASE.fullmatch(name)
        and isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and 0 <= seconds < 1e7  # false for NaN too; a whole number may be too long to become a float
    }
