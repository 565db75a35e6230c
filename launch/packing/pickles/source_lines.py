"""The lines of the functions that are pickled by value, by number, and by file where the pickle names it.

cloudpickle 3.1.3 and newer name no file, so that the same functions give the same bytes wherever they lie. Then all
lines are of one file: a number that is of two different lines is left out.
"""

from __future__ import annotations

import contextlib
import inspect
import pickle
import types
from typing import Any, Dict, List, Optional

from launch.packing.pickles.module_origin import is_own
from launch.packing.pickles.reachable import reachable


def source_lines(content: Any) -> Dict[str, Dict[str, List[str]]]:
    """Of each function of the user's own that the content reaches; one typed in at a prompt has none."""
    found: Dict[str, Dict[int, Optional[str]]] = {}
    nameless = _name_in_pickle("a file")
    for _, value in reachable(content):
        if not isinstance(value, types.FunctionType) or not is_own(str(value.__module__ or "__main__")):
            continue
        name = value.__code__.co_filename if nameless == "a file" else nameless
        with contextlib.suppress(Exception):  # no file, one that has changed, a loader of its own
            lines, first = inspect.getsourcelines(value.__code__)
            numbers = found.setdefault(name, {})
            for number, line in enumerate(lines, max(first, 1)):
                text = line.rstrip("\n")
                numbers[number] = text if numbers.get(number, text) == text else None
    return {name: _runs(numbers) for name, numbers in found.items()}


def _name_in_pickle(name: str) -> str:
    """What cloudpickle makes of a file's name."""
    import cloudpickle

    function = types.FunctionType(compile("0", name, "eval"), {"__name__": "__main__"})
    read: types.FunctionType = pickle.loads(cloudpickle.dumps(function))
    return read.__code__.co_filename


def _runs(numbers: Dict[int, Optional[str]]) -> Dict[str, List[str]]:
    """From the number of a first line to the lines from there."""
    runs: Dict[str, List[str]] = {}
    run, last = "", 0
    for number, text in sorted(numbers.items()):
        if text is None:
            continue
        if not run or number != last + 1:
            run = str(number)
        runs.setdefault(run, []).append(text)
        last = number
    return runs
