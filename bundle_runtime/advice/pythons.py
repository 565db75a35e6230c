"""Another Python, or another cloudpickle, than the one that wrote the bundle; and Pythons that are too old or too
new."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import (
    ARTIFACT,
    FIELDS,
    IMPORT,
    LOAD,
    PACK,
    START,
    UNPICKLE,
    USER_CODE,
    Row,
    Symptom,
    Values,
    World,
)

_REMOVED = (
    "asynchat|asyncore|cgi|cgitb|chunk|crypt|distutils|imghdr|imp|lib2to3|nntplib|pipes|smtpd|telnetlib|uu|xdrlib"
)


def _python(symptom: Symptom, world: World) -> Optional[Values]:
    """Its minor version decides what code it reads."""
    have = world.python or "another Python"
    return {"python": have, "minor": ".".join(have.split(".")[:2])}


def before_3_10(symptom: Symptom, world: World) -> Optional[Values]:
    """A newer one reads nearly all that is written today, and then the mistake is the code's own."""
    found = re.match(r"3\.(\d+)", world.python)
    return {"python": world.python} if found and int(found[1]) < 10 else None


def _removed(symptom: Symptom, world: World) -> Optional[Values]:
    return {"name": symptom.module.partition(".")[0], "python": world.python or "this version"}


ROWS: Tuple[Row, ...] = (
    Row(
        "python-too-old", (START,), "The image's Python is {python}, and the worker needs 3.8 or newer.",
        "Choose an image with a newer Python ({image}; of tensorflow/tensorflow, 2.11.0 and newer have one), and write "
        "the bundle with that Python.",
        text=r"needs Python 3\.8 or newer, the image has (?P<python>[\d.]+)",
    ),
    Row(
        "python-mismatch", (START, PACK), "the bundle was written by Python {wrote}, the image runs Python {have} "
        "({program}).",
        "Write the bundle with Python {have}, or choose an image that has Python {wrote} ({image}).",
        text=r"^Python (?P<wrote>\S+) wrote, Python (?P<have>\S+) reads: (?P<program>.*)$",
    ),
    Row(
        "other-python", (UNPICKLE,),
        "Another version of Python wrote a function into the pickle, and Python {python} cannot read its code.",
        "Write the bundle with a Python {minor} (any {minor}.x), from an object that is made there, or choose an image "
        "with the Python that wrote it ({image}): `python --version` there says which. The client writes that into "
        "spec.bundle.artifact.pythonVersion, and a pod then names both versions.",
        error="TypeError|ValueError|SystemError",
        text=r"code\(\) (argument|takes|expected|missing)|code expected at least|an integer is required \(got type "
        r"bytes\)|bad marshal data|unknown opcode|code: (co_\w+|\w+) ",
        asks=_python,
    ),
    Row(
        "python-2-pickle", (UNPICKLE,), "Python 2 wrote the pickle: its texts are bytes that Python 3 cannot read as "
        "ASCII.",
        "Read it once with pickle.load(file, encoding='latin1') and write it again with the client.",
        error="UnicodeDecodeError", text="'ascii' codec can't decode byte", edits=(ARTIFACT,),
    ),
    Row(
        "cloudpickle-version", (UNPICKLE,),
        "Another version of cloudpickle wrote the pickle than the one that reads it ({name} is missing).",
        "Pin the cloudpickle that wrote it in spec.bundle.requirements, or write the bundle with the image's.",
        error="AttributeError|ModuleNotFoundError|ImportError",
        text=r"(?P<name>[\w.]+)' (on|from) <module 'cloudpickle|No module named '(?P<name2>cloudpickle\.[\w.]+)'",
    ),
    Row(
        "python-removed-module", USER_CODE, "Python {python} has no module {name} any more; a package or the code is "
        "made for an older Python.",
        "Ask in spec.bundle.requirements for a newer version of the package in the traceback (distutils: for "
        "setuptools, which brings it), or choose an image with an older Python ({image}).",
        error="ModuleNotFoundError", text=rf"No module named '({_REMOVED})(\.[\w.]+)?'", asks=_removed,
    ),
    Row(
        "collections-abc", USER_CODE, "Python 3.10 and newer have {name} in collections.abc only; a package or the "
        "code is made for an older Python.",
        "Ask in spec.bundle.requirements for a newer version of the package in the traceback, or choose an image with "
        "Python 3.9 or older ({image}); in code of your own write collections.abc.{name}.",
        error="ImportError|AttributeError",
        text=r"cannot import name '(?P<name>\w+)' from 'collections'|module 'collections' has no attribute "
        r"'(?P<name2>\w+)'",
    ),
    Row(
        "newer-syntax", (IMPORT, LOAD), "The code uses syntax or names that Python {python} does not have (list[int] "
        "came with 3.9, match with 3.10).",
        "Choose an image with the Python that the code was written for ({image}); for list[int] in "
        "annotations of functions, `from __future__ import annotations` first in the file will do.",
        error="SyntaxError|TypeError|ImportError",
        text=r"(invalid syntax|expected ':'|'type' object is not subscriptable|cannot import name '\w+' from 'typing')",
        asks=before_3_10,
    ),
    Row(
        "pkg-resources", USER_CODE, "A package imports pkg_resources, which is a part of setuptools up to version 81, "
        "and Python 3.12 and newer bring no setuptools.",
        'Add "setuptools<81" to spec.bundle.requirements, or ask there for a newer version of the package in the '
        'traceback.',
        edits=(FIELDS,),
        error="ModuleNotFoundError", text=r"No module named '(pkg_resources|setuptools)(\.[\w.]+)?'",
    ),
)  # fmt: skip
