"""The modules that a pickle refers to, read from its opcodes and without running it.

pickletools.genops would read a big model's bytes into memory; here they are skipped, so the size of the file does not
matter. Two things name a module: a global, and cloudpickle's call of subimport(name).
"""

from __future__ import annotations

import contextlib
import os
import pickletools
from pathlib import Path
from typing import BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_BYTES_OF_LENGTH = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_LONGEST_NAME = 1024


class _Global(NamedTuple):
    module: str
    name: str


class _OneArgument(NamedTuple):
    text: str


_SUBIMPORT = _Global("cloudpickle.cloudpickle", "subimport")
_Pushed = Union[str, _Global, _OneArgument, None]  # None stands for everything else


def module_names(path: Path) -> Set[str]:
    """ValueError when the file is not a pickle."""
    return {module for module, _ in _names(path)}


def global_names(path: Path) -> Set[Tuple[str, str]]:
    """(module, name) of what it refers to; of a file that is a pickle in its first part, as joblib writes, of that."""
    found: Set[Tuple[str, str]] = set()
    with contextlib.suppress(ValueError, OverflowError, OSError):
        for pair in _names(path):
            found.add(pair)
    return found


def _names(path: Path) -> Iterator[Tuple[str, str]]:
    last: Tuple[_Pushed, _Pushed] = (None, None)  # the last two things that were put on the stack
    memo: Dict[int, _Pushed] = {}
    memoized = 0
    with path.open("rb") as file:
        for opcode, argument in _opcodes(file):
            if opcode in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
                if last[1] is not None:
                    memo[memoized if argument is None else int(argument)] = last[1]
                memoized += 1
            elif opcode in ("GET", "BINGET", "LONG_BINGET"):
                last = (last[1], memo.get(int(argument or 0)))
            elif opcode in ("STACK_GLOBAL", "GLOBAL", "INST"):
                pair = last if opcode == "STACK_GLOBAL" else tuple(str(argument).split("\n", 1))
                found = _Global(*pair) if all(type(part) is str for part in pair) else None
                if found:
                    yield found
                last = (None, found)
            elif opcode == "TUPLE1":
                last = (last[0], _OneArgument(last[1]) if isinstance(last[1], str) else None)
            elif opcode == "REDUCE":
                if last[0] == _SUBIMPORT and isinstance(last[1], _OneArgument):
                    yield last[1].text, ""
                last = (None, None)
            elif opcode not in ("FRAME", "PROTO"):
                last = (last[1], argument if isinstance(argument, str) else None)


def _opcodes(file: BinaryIO) -> Iterator[Tuple[str, Union[str, int, None]]]:
    """Each opcode's name with its argument, where that is a number or a short text."""
    while True:
        code = file.read(1)
        opcode = _OPCODES.get(code)
        if opcode is None:
            raise ValueError(f"{file.name} is not a pickle: byte {file.tell()} is {code!r}")
        yield opcode.name, None if opcode.arg is None else _argument(file, opcode.name, opcode.arg)
        if opcode.name == "STOP":
            return


def _argument(file: BinaryIO, name: str, kind: pickletools.ArgumentDescriptor) -> Union[str, int, None]:
    if kind.n == pickletools.UP_TO_NEWLINE:
        lines: List[str] = [_line(file) for _ in range(2 if name in ("GLOBAL", "INST") else 1)]
        return "\n".join(lines) if name in ("GLOBAL", "INST", "UNICODE", "PUT", "GET") else None
    size: Optional[int] = _BYTES_OF_LENGTH.get(kind.n)
    if size is None:
        return int.from_bytes(file.read(kind.n), "little")
    length = int.from_bytes(file.read(size), "little")
    if "UNICODE" in name and length <= _LONGEST_NAME:
        return file.read(length).decode("utf-8", "surrogatepass")
    file.seek(length, os.SEEK_CUR)
    return None


def _line(file: BinaryIO) -> str:
    return file.readline().rstrip(b"\n").decode("utf-8", "replace")
