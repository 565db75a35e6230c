"""What is said where no row knows more, by what failed."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import ANY, IMPORT, LOAD, UNPICKLE, Row, Symptom, Values, World

# as pickle and import word it
_NAMED = r"(Can't get attribute|cannot import name) '(?P<name>[\w.]+)' (on|from) (<module )?'(?P<module>[\w.]+)'"


def _of_others(symptom: Symptom, world: World) -> Optional[Values]:
    return None if re.search(_NAMED, symptom.text) else {}


ROWS: Tuple[Row, ...] = (
    Row(
        "runtime-of-another-version", (UNPICKLE,), "The pickle names {module}, which is neither the image's nor a "
        "package's: the operator brings it into the pod, in its own version.",
        "Leave objects of bundle_runtime out of what is pickled, and pickle again with the client of the operator's "
        "version.",
        error="AttributeError|ImportError",
        text=r"(on|from) (<module )?'(?P<module>bundle_runtime[\w.]*)'|No module named '(?P<module2>bundle_runtime"
        r"[\w.]*)'",
    ),
    Row(
        "name-of-another-version", (UNPICKLE,), "The module {module} has no {name} here: it is another version of it "
        "than the one that the bundle was pickled with.",
        "Its place is in the message. Pickle with the version that is there; choose an image that has yours "
        "(spec.bundle.envParams); or take {module} along: globals_copy of the client, or a folder as the bundle.",
        text=_NAMED, rank=ANY,
    ),
    Row(
        "pickle-not-made", (UNPICKLE,), "Code that runs while the pickle is read raised: an object's __setstate__ or "
        "__reduce__, or a module that it names.",
        "`kubectl logs --previous POD -c worker` has the whole traceback. Where that code is yours, fix it and pickle "
        "again; where it is a package's, pickle with the version of it that the image has.",
        asks=_of_others, rank=ANY,
    ),
    Row(
        "module-raises", (IMPORT,), "The bundle's own module raised while it was imported:",
        "fix the module and make a new bundle.", rank=ANY,
    ),
    Row(
        "code-raises", (LOAD,), "The code is the bundle's own:", "fix it and make a new bundle.", rank=ANY,
    ),
)  # fmt: skip
