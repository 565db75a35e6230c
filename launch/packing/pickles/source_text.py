"""The source text of the user's functions, kept beside a bundle so that a reader sees what is inside the pickle."""

from __future__ import annotations

import functools
import inspect
import textwrap
from typing import Any, Dict, Optional


def source_texts(**functions: Any) -> Dict[str, str]:
    """The text of each, by the name given; left out where there is none: None, a lambda, typed in at a prompt.

    Of an object it is its class's. The text is the file's as it is now.
    """
    texts = {name: _text(value) for name, value in functions.items() if value is not None}
    return {name: text for name, text in texts.items() if text is not None}


def _text(value: Any) -> Optional[str]:
    while isinstance(value, functools.partial):
        value = value.func
    if not (inspect.isroutine(value) or inspect.isclass(value)):
        value = type(value)
    if getattr(value, "__name__", "") == "<lambda>":  # its "source" would be the whole statement around it
        return None
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError, IndentationError, SyntaxError):  # no file, or a file that changed since
        return None
