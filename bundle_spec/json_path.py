"""One way to write where a value sits in JSON: in messages, in differences, and for `--set`.

`appConfig.layers[0]["a.b"]`: names after dots, numbers in brackets, and a name that has a dot, bracket, quote, blank or
= in it as a JSON string in brackets. What is written is read back as it was. Pure, and Python 3.8+.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import List, Tuple, Union

Part = Union[str, int]
Path = Tuple[Part, ...]

_PLAIN = re.compile(r'[^\s.\[\]"=]+')
_STEP = re.compile(r'\[(?P<index>[0-9]+)\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|(?P<dot>\.?)(?P<plain>[^\s.\[\]"=]+)')


def below(path: str, part: Part) -> str:
    """The path of what is in `path` under a name or at an index."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    if _PLAIN.fullmatch(part) and part != "$":  # which stands for the whole
        return f"{path}.{part}" if path else part
    return f"{path}[{json.dumps(part, ensure_ascii=False)}]"


def write(parts: Iterable[Part]) -> str:
    """The path of the parts; `read` gives them back."""
    path = ""
    for part in parts:
        path = below(path, part)
    return path


def inside(parts: Iterable[Part]) -> str:
    """As it stands after the path or the name of what holds it, such as `.properties["a b"].items[0]`; "" for none."""
    path = "$"
    for part in parts:
        path = below(path, part)
    return path[1:]


def read(text: str) -> Path:
    """ValueError says at which character it is not a path."""
    parts: List[Part] = []
    at = len("$") if re.match(r"\$(?:[.\[]|$)", text) else 0
    first = at
    while at < len(text):
        step = _STEP.match(text, at)
        # the first name has no dot before it, unless a $ stands there; every later one has one
        if step is None or (step["plain"] is not None and bool(step["dot"]) != (at > 0)):
            raise ValueError(f"{text!r} is not a path at character {at + 1}: write it like appConfig.layers[0].name")
        parts.append(_part(step, text))
        at = step.end()
    if at == first:
        raise ValueError(f"{text!r} is an empty path")
    return tuple(parts)


def _part(step: re.Match[str], text: str) -> Part:
    if step["index"] is not None:
        return int(step["index"])
    if step["plain"] is not None:
        return str(step["plain"])
    try:
        return str(json.loads(step["quoted"]))
    except ValueError:
        raise ValueError(f"{text!r}: {step['quoted']} is not a JSON string") from None
