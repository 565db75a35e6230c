"""Files that lie beside the user's functions and that these name: a pickle takes none of them along."""

from __future__ import annotations

import types
from pathlib import Path, PurePath
from typing import Any, Iterable, Iterator, List

from launch.packing.pickles.module_origin import is_own
from launch.packing.pickles.reachable import code_objects, reachable

_LONGEST = 255
_MOST_NAMED = 5


def left_beside(functions: Iterable[Any]) -> str:
    """What is to be said about the files beside the user's own functions that texts in these name; empty when there is
    none. Beside a function of a notebook or a prompt is the working directory."""
    found = sorted({name for function in functions for name in _named(function)})
    if not found:
        return ""
    named = ", ".join(found[:_MOST_NAMED])
    return (
        f"the functions name {named} beside them, and no file is packed with them: read it when the file is run, into "
        "`model`, or pack the folder with load_model_fn and load_predict_fn: its files go along, and a relative path "
        "finds them"
    )


def _named(root: Any) -> Iterator[str]:
    """A text counts beside each function that has it; one that a function only refers to, beside the last of these."""
    directory: Path = Path()
    for _, value in reachable(root):
        if isinstance(value, types.FunctionType):
            if not is_own(value.__module__ or "__main__"):
                continue
            directory = _directory(value)
            texts: Iterable[str] = (text for code in code_objects(value) for text in _constants(code.co_consts))
        elif isinstance(value, (str, PurePath)):
            texts = [str(value)]
        else:
            continue
        yield from (text for text in texts if _is_file(directory, text))


def _directory(function: types.FunctionType) -> Path:
    file = function.__globals__.get("__file__")
    return Path(file).resolve().parent if isinstance(file, str) else Path()


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
