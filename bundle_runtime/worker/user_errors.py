"""Puts an exception of the user's code into a few lines: what, where, and none of our own frames."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = {"site-packages", "dist-packages", "requirements"}  # the last is install's directory
_LAST_FRAMES = 4
_SILENT = "an exception whose own methods raise"


def log(text: str) -> None:
    """User code may have closed the log, or put something of its own in its place."""
    with contextlib.suppress(BaseException):
        print(text, file=sys.stderr, flush=True)


def described(error: BaseException) -> tuple[str, str]:
    """Type and message; and the last lines of the traceback, which hold the user's source: not for everybody."""
    try:
        said = first_line(error)
    except BaseException:  # SystemExit too, here and below: the class is the user's
        return _SILENT, ""
    try:
        return said, _last_lines(error)
    except BaseException:  # user code may have left the process in a directory that is gone, for one
        return said, ""


def _last_lines(error: BaseException) -> str:
    frames = [frame for frame in _frames(error) if not _is_ours(frame)]
    shown = frames[-_LAST_FRAMES:]
    own = next((frame for frame in reversed(frames) if not _is_of_a_package(frame.filename)), None)
    if own is not None and own not in shown:  # the packages that it calls have many frames below it
        shown[0] = own
    return "\n".join(
        f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line or ''}".rstrip() for frame in shown
    )


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """With the class of a method, where Python knows it: a pickled one has no file that would tell."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame, (raw, _) in zip(frames, traceback.walk_tb(error.__traceback__)):
        frame.name = getattr(raw.f_code, "co_qualname", frame.name)
    return list(frames)


def first_line(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        text = str(error)
    except BaseException:  # a broken __str__ of the user must not hide that there was an error
        text = "(its message cannot be printed)"
    if len(text) > 2000:
        text = text[:2000] + " [...]"
    return f"{name}: {text}" if text else name


def full(error: BaseException) -> str:
    """For the log: the whole chain."""
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except BaseException:
        return described(error)[0]


def _is_of_a_package(file: str) -> bool:
    return bool(_INSTALLED & set(file.split(os.sep))) or file.startswith((_STANDARD, "<frozen "))


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return os.path.abspath(frame.filename).startswith(_OURS + os.sep) or frame.filename.startswith("<frozen importlib")
