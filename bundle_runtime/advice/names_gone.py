"""Code that was written for another version: of a package, or of Python. It names what this version does not have."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.package_versions import package_of
from bundle_runtime.advice.pythons import before_3_10
from bundle_runtime.advice.row import FIELDS, IMPORT, KIND, LOAD, USER_CODE, Row, Symptom, Values, World, anew, brought

_CODE = (IMPORT, LOAD)
_NEWER_MODULES = {"graphlib": "3.9", "zoneinfo": "3.9", "tomllib": "3.11", "annotationlib": "3.14"}
_OF_MODULE = (
    r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'|"
    r"(?P<at_import>(partially initialized )?)module '(?P<module2>[\w.]+)' has no attribute '(?P<name2>\w+)'|"
    r"[Cc]an't get attribute '(?P<name3>[\w.]+)' (?:on|from) <module '(?P<module3>[\w.]+)'"
)
# what user code may well have put in the place of a package's object: then the mistake is its own
_OWN = "NoneType|type|function|list|dict|tuple|set|str|bytes|int|float|bool|DataFrame|Series|Index|ndarray|Tensor"


def _named(symptom: Symptom) -> Tuple[str, str]:
    """The module, and the name that it does not have; both empty where the text says none."""
    if symptom.module:
        return symptom.module, ""
    found = re.search(_OF_MODULE, symptom.text)
    if found is None or found["at_import"]:  # a circle of imports
        return "", ""
    values = found.groupdict()
    module = values["module"] or values["module2"] or values["module3"]
    return module, values["name"] or values["name2"] or values["name3"]


def _of_package(symptom: Symptom, world: World) -> Optional[Values]:
    module, name = _named(symptom)
    package = package_of(module) if module else ""
    have = world.version(package) if package and not world.is_standard(module) else ""
    return {"package": package, "have": have, "name": f"{module}.{name}" if name else module} if have else None


def _of_python(symptom: Symptom, world: World) -> Optional[Values]:
    module, name = _named(symptom)
    if not name or not world.is_standard(module):
        return None
    return {"name": name, "module": module, "python": world.python or "of the image"}


def _newer_module(symptom: Symptom, world: World) -> Optional[Values]:
    top = symptom.module.partition(".")[0]
    since = _NEWER_MODULES.get(top)
    return {"name": top, "since": since, "python": world.python or "an older one"} if since else None


def _of_object(symptom: Symptom, world: World) -> Optional[Values]:
    """Raised in a package about an object that is not one of the types that user code passes to it."""
    package = package_of(symptom.raised_in) if symptom.raised_in else ""
    have = world.version(package) if package and not world.is_standard(symptom.raised_in) else ""
    return {"package": package, "have": have} if have else None


ROWS: Tuple[Row, ...] = (
    Row(
        "package-without-name", _CODE, "{package} {have} has no {name}: the code, or a package in the traceback, "
        "is made for another version of {package}.",
        "Ask in spec.bundle.requirements for a newer version of the package that names it, or for the version of "
        "{package} that it was made for; where the image keeps its own {package}, choose another image ({image}), or "
        "replace the name in the code.",
        error="ImportError|AttributeError", text="No module named|cannot import name|has no attribute|get attribute",
        asks=_of_package, rank=KIND,
    ),
    Row(
        "python-without-name", USER_CODE, "{module} of Python {python} has no {name}: the code, a package in the "
        "traceback, or what wrote a pickle is made for another version of Python.",
        "Ask in spec.bundle.requirements for a newer version of that package, write the pickle with the image's "
        "Python, or choose an image with the Python that it is made for ({image}).",
        error="ImportError|AttributeError", text="cannot import name|has no attribute|get attribute", asks=_of_python,
        rank=KIND,
    ),
    Row(
        "module-of-newer-python", USER_CODE, "The module {name} came with Python {since}, and the image has Python "
        "{python}. No requirement brings it.",
        "Choose an image with Python {since} or newer ({image}), or use in the code the package that stands in for it "
        "(backports.zoneinfo, tomli), and name that in spec.bundle.requirements.",
        error="ModuleNotFoundError", text="No module named", asks=_newer_module,
    ),
    Row(
        "union-of-newer-python", USER_CODE, "`X | Y` between types came with Python 3.10, and the image has Python "
        "{python}.",
        "Write Optional[X] or Union[X, Y] of typing; or, in annotations of functions, `from __future__ import "
        "annotations` first in the file; or choose an image with Python 3.10 or newer ({image}).",
        error="TypeError", text=r"unsupported operand type\(s\) for \|: '(type|NoneType|ABCMeta|_GenericAlias)'",
        asks=before_3_10,
    ),
    Row(
        "object-of-another-version", USER_CODE, "{package} {have} looks for {name} in an object of the class {kind}, "
        "which has none: mostly, another version of {package} wrote it.",
        f"{anew('{package}')}; {brought()}",
        error="AttributeError", text=rf"^'(?P<kind>(?!({_OWN}|super)')\w+)' object has no attribute '(?P<name>\w+)'",
        asks=_of_object, rank=KIND,
    ),
    Row(
        "keyword-of-another-version", USER_CODE, "{function} does not take {name}: where it is a package's, the code "
        "or the package that calls it is made for another version of that package.",
        "Pin the version that the code was written with in spec.bundle.requirements, ask for a newer version of the "
        "package that calls it, or leave {name} out.",
        error="TypeError", text=r"^(?P<function>[\w.<>]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'",
    ),
    Row(
        "pandas-removed-name", USER_CODE, "pandas 2 has no {name} any more, which the code, or a package in the "
        "traceback, uses.",
        "Replace it (append by pandas.concat, iteritems by items, ix by loc), or ask for pandas<2 in "
        "spec.bundle.requirements where the image lacks pandas.",
        error="AttributeError",
        text=r"^'(DataFrame|Series)' object has no attribute '(?P<name>append|iteritems|ix|as_matrix|lookup|mad|"
        r"get_value|set_value|to_dense|is_monotonic|iteritems)'",
    ),
    Row(
        "pydantic-2", USER_CODE, "The code, or a package in the traceback, is made for pydantic 1, and pydantic "
        "{have} is installed.",
        "Add \"pydantic<2\" to spec.bundle.requirements where the image lacks pydantic, or change the code "
        "(BaseSettings is in the package pydantic-settings; pydantic.v1 has the old names); of a package, ask for a "
        "newer version.",
        error="PydanticImportError|PydanticUserError",
        asks=lambda symptom, world: {"have": world.version("pydantic") or "2"},
    ),
    Row(
        "protobuf-generated-code", USER_CODE, "Code that protoc generated is of another version than protobuf {have}, "
        "which is installed.",
        "In spec.bundle.requirements ask for a newer version of the package in the traceback, or pin protobuf "
        "(protobuf<3.21 for old generated code, the version that the message names for newer).",
        error="TypeError|VersionError|RuntimeError",
        text="Descriptors cannot (not )?be created directly|incompatible Protobuf Gencode/Runtime|"
        "runtime.*Protobuf.*gencode", asks=lambda symptom, world: {"have": world.version("protobuf") or "of the image"},
    ),
    Row(
        "pyopenssl-version", USER_CODE, "pyOpenSSL {have} is older than the package cryptography that is installed.",
        'Add "pyopenssl>=24" to spec.bundle.requirements, or pin cryptography to a version as old as pyOpenSSL.',
        edits=(FIELDS,),
        error="AttributeError", text=r"module 'lib' has no attribute '\w+'",
        asks=lambda symptom, world: {"have": world.version("pyopenssl") or "of the image"},
    ),
    Row(
        "scikit-learn-tags", USER_CODE, "An estimator of another package, or of the code, is made for scikit-learn "
        "before 1.6, and the image has {have}.",
        "Ask in spec.bundle.requirements for a newer version of its package (XGBoost 2.1.4, LightGBM 4.6, "
        "imbalanced-learn 0.13), or for scikit-learn<1.6 where the image lacks it; in your own classes name the mixins "
        "before BaseEstimator.",
        error="AttributeError", text="has no attribute '__sklearn_tags__'",
        asks=lambda symptom, world: {"have": world.version("scikit-learn") or "a newer one"},
    ),
    Row(
        "numba-numpy", USER_CODE, "Numba is older than the image's NumPy {have}.",
        "Ask for a newer numba in spec.bundle.requirements; where the image keeps its own, choose another image "
        "({image}).",
        edits=(FIELDS,), error="ImportError", text="Numba needs NumPy",
        asks=lambda symptom, world: {"have": world.version("numpy") or "of another version"},
    ),
    Row(
        "transformers-too-old", USER_CODE, "The image's transformers {have} is older than this kind of model "
        "({name}).",
        "Ask for a newer transformers in spec.bundle.requirements, in the version that the model's page names.",
        edits=(FIELDS,),
        error="ValueError|KeyError",
        text=r"model type [`']?(?P<name>[\w-]+)[`']? but Transformers does not recognize this architecture",
        asks=lambda symptom, world: {"have": world.version("transformers") or "of another version"},
    ),
    Row(
        "torchvision-version", USER_CODE, "torchvision or torchaudio is built for another PyTorch than the image's "
        "{have}.",
        "Ask in spec.bundle.requirements for the version of it that goes with PyTorch {have}, from the same index "
        "(+cpu or +cu in both, or in neither).",
        edits=(FIELDS,),
        error="RuntimeError", text="operator torchvision::nms does not exist|PyTorch and torchvision (has|have|were)",
        asks=lambda symptom, world: {"have": world.version("torch") or "of another version"},
    ),
    Row(
        "state-dict", USER_CODE, "The file holds the weights of another model than {name}, which the code builds.",
        "Build it as it was when the weights were written (sizes, options, version of its package); where the keys "
        "begin with `module.`, DataParallel wrote them: save model.module.state_dict() instead.",
        error="RuntimeError", text=r"Error\(s\) in loading state_dict for (?P<name>\w+)",
    ),
)  # fmt: skip
