"""Files that lie beside the user's functions and that these name: a pickle takes none of them along."""

from __future__ import annotations

import types
from pathlib import Path, PurePath
from typing import Any, Iterable, Iterator, List

from launch.packing.pickles.reachable import code_objects, reachable

_LONGEST = 255
_MOST_NAMED = 5


def left_beside(functions: Iterable[Any], directory: Path) -> str:
    """What is to be said about the files of `directory` that texts in the functions name; empty when there is none."""
    found = sorted({text for function in functions for text in _texts(function) if _is_file(directory, text)})
    if not found:
        return ""
    named = ", ".join(found[:_MOST_NAMED])
    return (
        f"the functions name {named} beside them, and no file is packed with them: read it when the file is run, into "
        "`model`, or pack the folder with load_model_fn and load_predict_fn: its files go along, and a relative path "
        "finds them"
    )


def _texts(function: Any) -> Iterator[str]:
    for _, value in reachable(function):
        if isinstance(value, (str, PurePath)):
            yield str(value)
        elif isinstance(value, types.FunctionType):
            for code in code_objects(value):
                yield from _constants(code.co_consts)


def _constants(values: Iterable[Any]) -> Iterator[str]:
    left: List[Any] = list(values)
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, (tuple, frozenset)):
            left.extend(value)


def _is_file(directory: Path, text: str) -> bool:
    if not 0 < len(text) <= _LONGEST or not text.isprintable() or Path(text).is_absolute():
        return False
    return "." in text and (directory / text).is_file()
