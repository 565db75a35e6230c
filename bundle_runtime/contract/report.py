"""How a container says why it ended: one small JSON object in its termination message.

The kubelet cuts a message at 4096 bytes and shares 12 KiB among all containers of a pod, and a message cut inside a
string is not valid JSON any more. So reports are ASCII, at most 2048 bytes, and shortened here, longest text first.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from bundle_spec.names import Reason

LIMIT = 2048
VARIABLE = "MODELBUNDLE_TERMINATION_LOG"
DEFAULT_FILE = "/dev/termination-log"

COMPLETED = Reason.COMPLETED.value
# prepare
ARTIFACT_NOT_FOUND = Reason.ARTIFACT_NOT_FOUND.value
STORE_UNREACHABLE = Reason.STORE_UNREACHABLE.value
STORE_ACCESS_DENIED = Reason.STORE_ACCESS_DENIED.value
ARTIFACT_DIGEST_MISMATCH = Reason.ARTIFACT_DIGEST_MISMATCH.value
ARTIFACT_UNSAFE = Reason.ARTIFACT_UNSAFE.value
INVALID_SCHEMA = Reason.INVALID_SCHEMA.value
INVALID_VALUE = Reason.INVALID_VALUE.value
SECRET_NOT_FOUND = Reason.SECRET_NOT_FOUND.value
# any
BUNDLE_DOCUMENT_MISMATCH = Reason.BUNDLE_DOCUMENT_MISMATCH.value
RUNTIME_CRASHED = Reason.RUNTIME_CRASHED.value
# install
REQUIREMENT_NOT_FOUND = Reason.REQUIREMENT_NOT_FOUND.value
REQUIREMENTS_CONFLICT = Reason.REQUIREMENTS_CONFLICT.value
INSTALL_FAILED = Reason.INSTALL_FAILED.value
INDEX_UNREACHABLE = Reason.INDEX_UNREACHABLE.value
# worker
PYTHON_MISMATCH = Reason.PYTHON_MISMATCH.value
UNPICKLE_FAILED = Reason.UNPICKLE_FAILED.value
LOAD_FUNCTION_NOT_FOUND = Reason.LOAD_FUNCTION_NOT_FOUND.value
LOAD_FAILED = Reason.LOAD_FAILED.value
STARTUP_TIMEOUT = Reason.STARTUP_TIMEOUT.value

_encoder = json.JSONEncoder()  # as wire.py has it
_CUT = "[...]"


def valid_unicode(text: str) -> str:
    """Half a surrogate pair, as in names of files that are not UTF-8, is refused by strict JSON parsers: escape it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class RuntimeFailure(Exception):
    """The container cannot go on, and why: the one exception that ends it with a report."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = valid_unicode(message)
        self.brief = self.message  # without the lines of a traceback, which hold the user's source
        self.traceback = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class Report:
    """What is said at the end; ``extra`` holds what only one container knows (bytes, count, ...)."""

    def __init__(
        self, reason: str, message: str = "", seconds: Mapping[str, float] | None = None, **extra: Any
    ) -> None:
        self.reason = reason
        self.message = message
        self.seconds = dict(seconds or {})
        self.extra = extra

    def as_dict(self) -> dict[str, Any]:
        seconds = {phase: round(value, 3) for phase, value in self.seconds.items()}
        return dict(self.extra, reason=self.reason, message=self.message, seconds=seconds)


def fail(reason: str, message: str) -> RuntimeFailure:
    """For ``raise fail(reason, message)``: mypy and readers see that nothing goes on."""
    return RuntimeFailure(reason, message)


def encode(report: Report) -> bytes:
    """ASCII JSON of at most LIMIT bytes; always valid, always with the reason."""
    data = _valid(report.as_dict())
    text = _encoder.encode(data)
    if len(text) <= LIMIT:
        return text.encode("ascii")
    best = _encoder.encode({"reason": data["reason"][:128], "message": "", "seconds": {}})
    low, high = 0, LIMIT
    while low <= high:  # the longest cap for every string that fits: so the longest are cut first
        cap = (low + high) // 2
        text = _encoder.encode({**_capped(data, cap), "reason": data["reason"][:128]})
        if len(text) <= LIMIT:
            best, low = text, cap + 1
        else:
            high = cap - 1
    return best.encode("ascii")


def write(report: Report, path: str | None = None) -> None:
    """Leave the report for the kubelet. Outside a pod there is nowhere to leave it, and that is fine."""
    path = path or os.environ.get(VARIABLE) or (DEFAULT_FILE if os.path.exists(DEFAULT_FILE) else None)
    if path is None:
        return
    try:
        with open(path, "wb") as file:
            file.write(encode(report))
    except OSError as error:  # the report must not hide the reason that it tells
        _say(f"cannot write the termination message to {path}: {error}")


def write_failure(failure: RuntimeFailure, seconds: Mapping[str, float] | None = None, **extra: Any) -> None:
    """Print the failure for the log and leave it as the report; the caller exits with 1."""
    _say(str(failure))
    write(Report(failure.reason, failure.message, seconds, **extra))


def _say(text: str) -> None:
    """In the worker the log may be closed, or something of user code in its place: the report is not lost with it."""
    with contextlib.suppress(BaseException):
        print(text, file=sys.stderr, flush=True)


def _valid(value: Any) -> Any:
    if isinstance(value, str):
        return valid_unicode(value)
    if isinstance(value, dict):
        return {valid_unicode(str(key)): _valid(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_valid(item) for item in value]
    return value


def _capped(value: Any, cap: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= cap else _shorten(value, cap)
    if isinstance(value, dict):
        return {key: _capped(item, cap) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_capped(item, cap) for item in value]
    return value


def _shorten(text: str, cap: int) -> str:
    """The middle goes: a message starts with what happened and ends with the last line of a traceback."""
    keep = cap - len(_CUT)
    if keep <= 0:
        return text[:cap]
    tail = keep // 3
    return text[: keep - tail] + _CUT + text[len(text) - tail :]
