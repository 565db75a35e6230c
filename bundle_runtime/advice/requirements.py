"""An entry of requirements that no index has under that name, or that has to be built and cannot."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.package_versions import PACKAGES
from bundle_runtime.advice.row import FIELDS, INSTALL, KIND, PACK, Row, Symptom, Values, World

# what lists of requirements have had in them, and no index has
_OF_PYTHON = (
    "abc|argparse|array|ast|base64|bisect|calendar|collections|concurrent|contextlib|copy|csv|ctypes|datetime|decimal|"
    "email|fractions|functools|gc|getpass|glob|gzip|hashlib|heapq|html|http|importlib|inspect|io|itertools|json|locale|"
    "logging|math|mimetypes|multiprocessing|operator|os|pickle|pprint|queue|random|re|shutil|signal|socket|sqlite3|ssl|"
    "statistics|string|struct|subprocess|sys|tempfile|textwrap|threading|time|tkinter|traceback|types|unittest|urllib|"
    "uuid|warnings|weakref|zipfile|zlib"
)
_OF_ANOTHER_SYSTEM = (
    r"pywin32|pypiwin32|pywinpty|windows-curses|win32-setctime|wincertstore|pyreadline|pyobjc[\w-]*|appnope|"
    r"pkg[-_]resources|python-apt|command-not-found|ubuntu-[\w-]+|distro-info"
)
_NOT_THERE = r"([^\w.-]\S*)? is not at the index"
_MODULES = {**PACKAGES, "opencv": "opencv-python-headless", "tensorflow-gpu": "tensorflow"}
_TOOLS = (
    "gcc|g\\+\\+|cc|c\\+\\+|clang|clang\\+\\+|gfortran|make|cmake|ninja|nvcc|rustc|cargo|go|swig|pg_config|"
    "mysql_config|pkg-config|git|protoc|java|node|llvm-config"
)


def _package(symptom: Symptom, world: World) -> Optional[Values]:
    found = re.match(r"([\w.-]+)", symptom.text)
    package = _MODULES.get(found[1]) if found else None
    return {"name": found[1], "package": package} if found and package else None


ROWS: Tuple[Row, ...] = (
    Row(
        "requirement-of-python", (INSTALL, PACK), "{name} is a part of Python itself.",
        "Leave it out of spec.bundle.requirements.",
        text=rf"^(?P<name>{_OF_PYTHON}){_NOT_THERE}",
        edits=(FIELDS,),
    ),
    Row(
        "requirement-is-python", (INSTALL, PACK), "The Python is the image's, and no requirement changes it.",
        "Leave the entry out, and choose an image with that Python ({image}).",
        text=rf"^python{_NOT_THERE}",
        edits=(FIELDS,),
    ),
    Row(
        "requirement-is-a-module", (INSTALL,), "{name} is not the name of the package, which is {package}.",
        "Write {package} in its place.", text=_NOT_THERE, asks=_package,
        edits=(FIELDS,),
    ),
    Row(
        "requirement-of-another-system", (INSTALL, PACK), "{name} is of the machine on which the list was made "
        "(Windows, macOS, Debian), and is not in a Linux image.", "Leave it out of spec.bundle.requirements.",
        text=rf"^(?P<name>{_OF_ANOTHER_SYSTEM}){_NOT_THERE}",
        edits=(FIELDS,),
    ),
    Row(
        "renamed-package", (INSTALL,), "The package of that name fails on purpose: another one is meant.",
        "Write scikit-learn in the place of sklearn, scikit-image in that of skimage, tensorflow in that of "
        "tensorflow-gpu.",
        text="'sklearn' PyPI package is deprecated|Please install the `scikit-image` package|"
        "\"tensorflow-gpu\" package has been removed",
        edits=(FIELDS,),
    ),
    Row(
        "build-lacks-tool", (INSTALL,), "A requirement is built from source, as the index has no wheel of that "
        "version for the image, and the image lacks {name}.",
        "Ask for a version that has a wheel for the image's Python (psycopg2: psycopg2-binary), or choose an image "
        "that has {name} ({image}).",
        text=rf"(?P<name>{_TOOLS})['`\"]?( executable)?( is)?( not found|: not found| failed: No such file)|"
        rf"No such file or directory: ['`\"](?P<name2>{_TOOLS})['`\"]|[Uu]nable to find (a )?(?P<name3>{_TOOLS})\b|"
        rf"(?P<name4>C compiler) cannot|(?P<name5>Rust) (compiler|toolchain)",
        edits=(FIELDS,),
    ),
    Row(
        "build-for-older-python", (INSTALL,), "A requirement is built from source, and its version is older than the "
        "image's Python: {name} is gone.",
        "Ask for a newer version of it, which has a wheel for this Python, or choose an image with an older Python "
        "({image}).",
        text=r"has no attribute '(?P<name>ImpImporter|SafeConfigParser|getargspec|readfp)|"
        r"No module named '(?P<name2>distutils|imp)(\.[\w.]+)?'|(?P<name3>use_2to3|longintrepr\.h|_PyLong_AsByteArray)",
        edits=(FIELDS,),
    ),
    Row(
        "build-needs-pkg-resources", (INSTALL,), "A requirement is built from source, as the index has no wheel of "
        "that version for the image, and its build imports pkg_resources, a part of setuptools up to version 81.",
        "Ask for a version of it that has a wheel for the image's Python, or choose an image with an older Python "
        '({image}). To have it built all the same, which can take minutes, add "setuptools<81" to '
        'spec.bundle.requirements.',
        text=r"Failed to build.*No module named 'pkg_resources'",
        edits=(FIELDS,),
    ),
    Row(
        "build-needs-package", (INSTALL,), "A requirement is built from source, and its build imports {name} without "
        "naming it.",
        "Ask for a wheel of it (a version that has one, or NAME @ https://...whl); or choose an image that has {name} "
        "({image}), as builds see what the image has.",
        text=r"Failed to build.*No module named '(?!pkg_resources')(?P<name>[\w.]+)'",
        edits=(FIELDS,),
    ),
    Row(
        "build-needs-what-no-index-has", (INSTALL,), "{name} is built from source, as the index has no wheel of that "
        "version for the image, and it is its build that asks for {needed}.",
        "Once {needed} is put at the index, the next try takes it; or ask for a version of {name} that has a wheel for "
        "the image's Python and processor.",
        text=r"^(?P<needed>[\w.-]+) is not at the index.*Failed to (download and )?build `(?P<name>[\w.-]+)[^`]*`.*"
        r"Failed to resolve requirements from",
        edits=(FIELDS,),
    ),
    Row(
        "build-failed", (INSTALL,), "{name} is built from source, as the index has no wheel of that version for the "
        "image, and its build fails.",
        "Ask for a version that has a wheel for the image's Python and processor, or put a wheel of it at the index.",
        text=r"Failed to build `?(?P<name>[\w.-]+(==[\w.+!-]+)?)", rank=KIND,
        edits=(FIELDS,),
    ),
)  # fmt: skip
