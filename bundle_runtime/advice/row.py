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

# what a row has one change: the artifact, another field of spec.bundle (requirements, env, the image), spec.serving
ARTIFACT, FIELDS, SERVING = "artifact", "fields", "serving"
_NEW_BUNDLE: Mapping[Tuple[bool, bool], str] = {  # by whether it is the artifact, and whether it is another field
    (True, False): "make a new bundle: spec.bundle is immutable.",
    (False, True): "make a new bundle, or `modelbundle clone` with that change: spec.bundle is immutable.",
    (True, True): "make a new bundle (`modelbundle clone`, if the artifact stays): spec.bundle is immutable.",
}
_IN_PLACE = "spec.serving can be edited in place"
_IMAGES = {"pytorch": "pytorchImageTag", "tensorflow": "tensorflowVersion", "custom_base_image": "customBaseImage"}
_ANY_IMAGE = "spec.bundle.envParams: pytorchImageTag, tensorflowVersion or customBaseImage"
OWN_IMAGE = "an image of your own (spec.bundle.envParams.customBaseImage)"

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
    data: bytes = b""  # that could not be decoded
    start: int = 0  # of what could not, in them


class World:
    """What is known of the environment in which it failed; what nobody has looked at is empty."""

    def __init__(
        self,
        python: str = "",
        version: Callable[[str], str] = lambda package: "",
        is_required: Callable[[str], bool] = lambda package: False,
        environment: Optional[Mapping[str, str]] = None,
        exists: Callable[[str], bool] = lambda path: False,
        head: Callable[[], bytes] = lambda: b"",
        size: int = -1,
        packaging: str = "",
        root: str = "",
        memory: str = "",
        node_memory: str = "",
        is_standard: Callable[[str], bool] = lambda module: False,
        machine: str = "",
        framework: str = "",
        packing: bool = False,
        is_full: Callable[[str], bool] = lambda directory: False,
    ) -> None:
        self.python = python
        self.version = version  # of an installed package, by its name
        self.is_required = is_required  # whether requirements brought it, and not the image
        self.environment = dict(environment or {})
        self.exists = exists
        self.head = head  # the first bytes of the artifact
        self.size = size  # of the artifact, in bytes
        self.packaging = packaging
        self.root = root  # below which the bundle's own files are
        self.memory = memory  # that the container may use
        self.node_memory = node_memory
        self.is_standard = is_standard  # whether a module is of Python's own library
        self.machine = machine  # the processor's architecture, as Linux names it
        self.framework = framework  # spec.bundle.envParams.frameworkType
        self.packing = packing  # there is no bundle yet that could be immutable
        self.is_full = is_full  # whether the file system of a directory has no room left

    @property
    def image(self) -> str:
        """The field that names the bundle's image, or those that can."""
        field = _IMAGES.get(self.framework)
        return f"spec.bundle.envParams.{field}" if field else _ANY_IMAGE

    def source(self, package: str) -> str:
        """Where an installed package is from, and is to be changed."""
        return "of spec.bundle.requirements" if self.is_required(package) else "of the image"


Values = Dict[str, str]
Asks = Callable[[Symptom, World], Optional[Values]]


class Row(NamedTuple):
    """One known failure. `what` happened and what to `do` next may name groups of `text`, values of `asks`, {image} and
    {machine}; `edits` is what that changes, and whether it takes a new bundle is said of all in the same words."""

    code: str
    phases: Tuple[str, ...]
    what: str
    do: str
    error: str = ""  # a regular expression that is the name of one of the exception's classes
    text: str = ""  # a regular expression that is found in the message
    asks: Optional[Asks] = None  # None when the world is another one
    rank: int = ONE
    edits: Tuple[str, ...] = (ARTIFACT, FIELDS)


class Advice(NamedTuple):
    """A row that fits, in words."""

    code: str
    text: str


def anew(package: str) -> str:
    """The object, and not its pickle: that fails wherever this version reads it."""
    return f"Make the object anew with {package} {{have}} and write that (the old file does not load there)"


def brought(which: str = "the one that wrote it") -> str:
    """Where another version of a package can come from: docs/adr/0029."""
    return f"or bring {which} by another image ({{image}}), or, where {{have}} is of spec.bundle.requirements, there."


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


def worded(row: Row, values: Mapping[str, str], world: World) -> Advice:
    """What happened, what to do next, and where it is documented; of bounded length, whatever the values are."""
    known = {"image": world.image, "machine": world.machine or "see `kubectl get nodes -L kubernetes.io/arch`"}
    shown = _Values({name: _shortened(value) for name, value in {**known, **values}.items()})
    said = [row.what.format_map(shown), row.do.format_map(shown), "" if world.packing else afterwards(row.edits)]
    return Advice(row.code, f"{' '.join(part for part in said if part)} [{PAGE}#{row.code}]")


def afterwards(edits: Tuple[str, ...]) -> str:
    """How what is changed becomes a bundle that runs."""
    new = _NEW_BUNDLE.get((ARTIFACT in edits, FIELDS in edits), "")
    if SERVING in edits:
        return f"{_IN_PLACE}; for the rest {new}" if new else f"{_IN_PLACE}."
    return f"Then {new}" if new else ""


class _Values(Dict[str, str]):
    """What the text did not say is an ellipsis."""

    def __missing__(self, name: str) -> str:
        return _CUT


def _shortened(value: str) -> str:
    text = re.sub(r"\s+", " ", value)  # the first may be what parts it from the word before
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - len(_CUT)] + _CUT
