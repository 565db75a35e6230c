"""What a row of the table is, what it is asked with, and how it becomes words."""

from __future__ import annotations

import re
from typing import Callable, Dict, Mapping, NamedTuple, Optional, Tuple

PAGE = "docs/how-to/troubleshooting.md"

# where something failed: in prepare; in install; in the worker (reading the pickle, importing the zip's module, running
# the load functions, and what is only warned of); at the start and the end of a container, which the kubelet tells
FETCH, INSTALL, UNPICKLE, IMPORT, LOAD, WARNING = "fetch", "install", "unpickle", "import", "load", "warning"
START, ENDED = "start", "ended"
PACK = "pack"  # on the user's machine, before an upload
PHASES: Mapping[str, Tuple[str, str]] = {  # to the container, and what it does then
    PACK: ("the client", "it packs the bundle"),
    FETCH: ("prepare", "it fetches the artifact"),
    INSTALL: ("install", "it installs the requirements"),
    UNPICKLE: ("worker", "it reads the pickle"),
    IMPORT: ("worker", "it imports the zip's modules"),
    LOAD: ("worker", "it runs the load functions"),
    WARNING: ("worker", "it reads the pickle, as a line of its log"),
    START: ("install, worker", "the container starts"),
    ENDED: ("worker", "its process ends"),
}
USER_CODE = (UNPICKLE, IMPORT, LOAD)

# among the rows that fit, the lowest rank speaks: one failure, a kind of failures, whatever fails in a phase
ONE, KIND, ANY = 0, 1, 2

_LONGEST_VALUE = 100
_CUT = "..."


class Symptom(NamedTuple):
    """What is seen of one failure."""

    phase: str
    text: str
    types: Tuple[str, ...] = ()  # names of the exception's class and of those that it derives from
    module: str = ""  # that could not be imported
    errno: int = 0
    path: str = ""  # of the file that it is about
    raised_in: str = ""  # the module whose code raised it


class World:
    """What is known of the environment in which it failed; what nobody has looked at is empty."""

    def __init__(
        self,
        python: str = "",
        version: Callable[[str], str] = lambda package: "",
        environment: Optional[Mapping[str, str]] = None,
        exists: Callable[[str], bool] = lambda path: False,
        head: Callable[[], bytes] = lambda: b"",
        size: int = -1,
        packaging: str = "",
        root: str = "",
        memory: str = "",
        is_standard: Callable[[str], bool] = lambda module: False,
    ) -> None:
        self.python = python
        self.version = version  # of an installed package, by its name
        self.environment = dict(environment or {})
        self.exists = exists
        self.head = head  # the first bytes of the artifact
        self.size = size  # of the artifact, in bytes
        self.packaging = packaging
        self.root = root  # below which the bundle's own files are
        self.memory = memory  # that the container may use
        self.is_standard = is_standard  # whether a module is of Python's own library


Values = Dict[str, str]
Asks = Callable[[Symptom, World], Optional[Values]]


class Row(NamedTuple):
    """One known failure. `what` happened and what to `do` next may name groups of `text` and values of `asks`."""

    code: str
    phases: Tuple[str, ...]
    what: str
    do: str
    error: str = ""  # a regular expression that is the name of one of the exception's classes
    text: str = ""  # a regular expression that is found in the message
    asks: Optional[Asks] = None  # None when the world is another one
    rank: int = ONE


class Advice(NamedTuple):
    """A row that fits, in words."""

    code: str
    text: str


def fits(row: Row, symptom: Symptom, world: World) -> Optional[Values]:
    """The values for the row's words; None when it is about another failure."""
    if symptom.phase not in row.phases:
        return None
    if row.error and not any(re.fullmatch(row.error, name) for name in symptom.types):
        return None
    found = re.search(row.text, symptom.text)
    if found is None:
        return None
    values: Values = {}
    for name, value in found.groupdict().items():
        if value:  # a text of two forms has name in one and name2 in the other
            values[name.rstrip("0123456789")] = value
    if row.asks is not None:
        more = row.asks(symptom, world)
        if more is None:
            return None
        values.update(more)
    return values


def worded(row: Row, values: Mapping[str, str]) -> Advice:
    """What happened, what to do next, and where it is documented; of bounded length, whatever the values are."""
    shown = _Values({name: _shortened(value) for name, value in values.items()})
    return Advice(row.code, f"{row.what.format_map(shown)} {row.do.format_map(shown)} [{PAGE}#{row.code}]")


class _Values(Dict[str, str]):
    """What the text did not say is an ellipsis."""

    def __missing__(self, name: str) -> str:
        return _CUT


def _shortened(value: str) -> str:
    text = re.sub(r"\s+", " ", value)  # the first may be what parts it from the word before
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - len(_CUT)] + _CUT
