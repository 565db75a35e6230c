"""What is said where no row knows more, by what failed."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.package_versions import package_of
from bundle_runtime.advice.row import ANY, ARTIFACT, IMPORT, LOAD, UNPICKLE, Row, Symptom, Values, World

# as pickle and import word it
_NAMED = r"(Can't get attribute|cannot import name) '(?P<name>[\w.]+)' (on|from) (<module )?'(?P<module>[\w.]+)'"


_FIX = "fix it and make a new bundle: spec.bundle is immutable."  # one sentence with the row's
_READERS = ("bundle_runtime", "cloudpickle", "pickle", "importlib")


def _of_the_pickle(symptom: Symptom, world: World) -> Optional[Values]:
    """Raised in what was defined in the notebook or script, which is in the pickle itself."""
    return None if re.search(_NAMED, symptom.text) or symptom.raised_in != "__main__" else {}


def _of_others(symptom: Symptom, world: World) -> Optional[Values]:
    if re.search(_NAMED, symptom.text) or symptom.raised_in == "__main__":
        return None
    if not symptom.raised_in or symptom.raised_in.partition(".")[0] in _READERS:
        return {"where": ""}
    package = package_of(symptom.raised_in)
    have = world.version(package)
    return {"where": f" in {package} {have} of the image" if have else f" in the module {symptom.raised_in}"}


ROWS: Tuple[Row, ...] = (
    Row(
        "runtime-of-another-version", (UNPICKLE,), "The pickle names {module}, a module of the server itself: the "
        "operator brings bundle_runtime into the pod in its own version, and no image or requirement changes that.",
        "Where your code imports bundle_runtime, take that out: it is no part of the client's API. Where it does not, "
        "the client that pickled is of another version: `modelbundle doctor` names the operator's (versions), `pip "
        "install model-bundles==THAT` brings yours to it; pickle again with it.",
        error="AttributeError|ImportError",
        text=r"(on|from) (<module )?'(?P<module>(?!bundle_runtime\.worker\.__main__')bundle_runtime[\w.]*)'|"
        r"No module named '(?P<module2>bundle_runtime[\w.]*)'",
        edits=(ARTIFACT,),
    ),
    Row(
        "name-of-another-version", (UNPICKLE,), "The module {module} has no {name} here: it is another version of it "
        "than the one that the bundle was pickled with.",
        "Its place is in the message. Make the object anew with the version that is there; choose an image that has "
        "yours ({image}); or take {module} along: globals_copy of the client, or a folder as the bundle.",
        text=_NAMED, rank=ANY,
    ),
    Row(
        "pickled-code-raises", (UNPICKLE,), "Code of your own, which the pickle holds, raised while the pickle was "
        "read, as a __setstate__ or a __reduce__ runs then. <dynamic-code> is the notebook or script that defined it: "
        "a pickle keeps no file's name.",
        "Fix the line above where you wrote it (a state may be empty, or of an older class), make the object anew and "
        "pickle it again; pickle.loads(cloudpickle.dumps(x)) tries it in advance.",
        asks=_of_the_pickle, rank=ANY, edits=(ARTIFACT,),
    ),
    Row(
        "pickle-not-made", (UNPICKLE,), "Code that runs while the pickle is read (a __setstate__, a __reduce__, or a "
        "module that the pickle imports) raised{where}.",
        "Where it is a package's, make the object anew with the version of it that the image has, or pin yours in "
        "spec.bundle.requirements where the image lacks it. Where it is yours, fix it and pickle again. `kubectl logs "
        "--previous POD -c worker` has the whole traceback.",
        asks=_of_others, rank=ANY,
    ),
    Row(
        "module-raises", (IMPORT,), "The bundle's own module raised while it was imported:",
        _FIX, rank=ANY, edits=(),
    ),
    Row(
        "code-raises", (LOAD,), "The code is the bundle's own:", _FIX, rank=ANY, edits=(),
    ),
)  # fmt: skip
