"""Requirements that do not install, as others reported: entries that no index has, and builds that fail."""

from __future__ import annotations

from dataclasses import dataclass

from bundle_runtime.advice.row import INSTALL
from tests.bundle_runtime.advice.field.case import RIGHT
from tests.bundle_runtime.advice.stand_ins import StandIn

_PUT_IT_THERE = 'wrong: "put it there", and there is no such package'
_STRING = 'wrong: "string is not at the index", a word of the traceback'
_SKLEARN = "The 'sklearn' PyPI package is deprecated, use 'scikit-learn' rather than 'sklearn' for pip commands."


@dataclass(frozen=True)
class Install:
    """`entry` is asked for at an index without it; or, where there is a `backend`, a package whose build runs that."""

    source: str
    happened: str
    before: str
    code: str
    entry: str = "ext"
    backend: str = ""
    needs: tuple[str, ...] = ()  # of the build


CASES = (
    Install("databricks/automl#133", "A list names pickle, which is a part of Python.", _PUT_IT_THERE,
            "requirement-of-python", "pickle==4.0"),
    Install("BBillot/SynthSeg#4", "A list made on Ubuntu names pkg-resources==0.0.0.", _PUT_IT_THERE,
            "requirement-of-another-system", "pkg-resources==0.0.0"),
    Install("yhenon/keras-frcnn#7", "A list names the module cv2 in the place of its package.", _PUT_IT_THERE,
            "requirement-is-a-module", "cv2"),
    Install("QData/AdversarialDNN-Playground#15", "A list names tensorflow-gpu, which is not made any more.",
            _PUT_IT_THERE, "requirement-is-a-module", "tensorflow-gpu==2.12.0"),
    Install("astropy/regions#570", "The package sklearn, which fails on purpose, is asked for.", _STRING,
            "renamed-package", backend=f"raise RuntimeError({_SKLEARN!r})"),
    Install("neuronets/nobrainer#252", "The last tensorflow-gpu fails on purpose.", _STRING, "renamed-package",
            backend="raise Exception('The \"tensorflow-gpu\" package has been removed!')"),
    Install("cyantarek/django-microservices#4", "psycopg2 is built, and pg_config is not there.", _STRING,
            "build-lacks-tool", backend="raise RuntimeError('Error: pg_config executable not found.')"),
    Install("tecoholic/ner-annotator#24", "A slim image has no gcc.", _STRING, "build-lacks-tool",
            backend="raise RuntimeError(\"command 'gcc' failed: No such file or directory\")"),
    Install("numpy/numpy#29345", "NumPy 1.24 is pinned, and Python is 3.12.", _STRING, "build-for-older-python",
            backend="import pkgutil; pkgutil.ImpImporter"),
    Install("whyNLP/LCKV#17", "flash-attn imports torch while it is built.", _STRING, "build-needs-package",
            backend="import torch"),
)  # fmt: skip

RIGHT_BEFORE = (
    ("mohit1997/DeepZip#14", "A version is written with one =, as conda does.", RIGHT, "keras=2.2.2",
     "write name==version"),
    ("bentoml/BentoML#3613", "A requirement is a Git repository.", RIGHT, "a @ git+https://host/a.git",
     "write the address of a wheel"),
)  # fmt: skip

# more that no index has, or that builds say
MORE = (
    Install("", "", "", "requirement-is-python", "python==3.8"),
    Install("", "", "", "requirement-of-another-system", "pywin32==306"),
    Install("", "", "", "build-lacks-tool",
            backend="raise FileNotFoundError(2, 'No such file or directory', 'cmake')"),
    Install("", "", "", "build-for-older-python", backend="import distutils.core"),
    Install("", "", "", "renamed-package",
            backend="raise SystemExit('*** Please install the `scikit-image` package (instead of `skimage`) ***')"),
    Install("", "", "", "build-needs-pkg-resources",
            backend="raise ModuleNotFoundError(\"No module named 'pkg_resources'\")"),
    Install("", "", "", "build-needs-what-no-index-has", backend="raise RuntimeError('not reached')",
            needs=("nowhere>=2",)),
    Install("", "", "", "build-failed", backend="raise RuntimeError('unsupported operation')"),
)  # fmt: skip


def _not_there(entry: str) -> str:
    return f"{entry} is not at the index https://pypi.org/simple: put it there, or correct it in a new bundle."


def _build(package: str, said: str) -> str:
    return f"uv could not install the requirements: Failed to build `{package}`: {said}"


STANDING_IN = (
    StandIn("requirement-of-python", _not_there("pickle==4.0"), INSTALL, ()),
    StandIn("requirement-is-python", _not_there("python==3.8"), INSTALL, ()),
    StandIn("requirement-is-a-module", _not_there("cv2"), INSTALL, ()),
    StandIn("requirement-of-another-system", _not_there("pkg-resources==0.0.0"), INSTALL, ()),
    StandIn("renamed-package", _build("sklearn==0.0", f"RuntimeError: {_SKLEARN}"), INSTALL, ()),
    StandIn("build-lacks-tool", _build("psycopg2==2.9.9", "Error: pg_config executable not found."), INSTALL, ()),
    StandIn("build-for-older-python", _build("numpy==1.24.0", "AttributeError: module 'pkgutil' has no attribute "
            "'ImpImporter'"), INSTALL, ()),
    StandIn("build-needs-pkg-resources", _build("pandas==1.5.0", "ModuleNotFoundError: No module named "
            "'pkg_resources'"), INSTALL, ()),
    StandIn("build-needs-package", _build("flash-attn==2.8.1", "ModuleNotFoundError: No module named 'torch'"),
            INSTALL, ()),
    StandIn("build-needs-what-no-index-has", "hatchling is not at the index https://pypi.org/simple: put it there, or "
            "correct it in a new bundle. uv: error: Failed to download and build `ext==1.0` cause: Failed to resolve "
            "requirements from `build-system.requires` cause: No solution found when resolving: `hatchling`",
            INSTALL, ()),
    StandIn("build-failed", _build("ext==1.0", "RuntimeError: unsupported operation"), INSTALL, ()),
)  # fmt: skip
