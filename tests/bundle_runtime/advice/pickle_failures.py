"""Pickles that another program, another Python or other versions of packages wrote."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.bundle_runtime.advice.reading import Failure
from tools.testkit.environments import python_with
from tools.testkit.pythons import python_of


def bare(version: str) -> Callable[[], str]:
    """A CPython with nothing in it."""
    return partial(python_of, version)


def with_packages(version: str, *packages: str) -> Callable[[], Path]:
    """One with these packages; made once, and shared between the rows."""

    def make() -> Path:
        try:
            return python_with(version, *packages)
        except RuntimeError as error:
            pytest.skip(f"needs {', '.join(packages)} for CPython {version}: {str(error)[-300:]}")

    return make


NUMPY_1 = with_packages("3.11", "numpy==1.26.4", "pandas==1.5.3", "scikit-learn==1.2.2")
NUMPY_2 = with_packages("3.11", "numpy==2.2.6", "pandas==2.2.3", "scikit-learn==1.6.1")
BUILT_FOR_1 = with_packages("3.11", "numpy==2.2.6", "bottleneck==1.3.8", "h5py==3.10.0")

_WRITE = "\nwith open(sys.argv[1], 'wb') as file:\n    pickle.dump(content, file, protocol={protocol})\n"


def pickled(source: str, protocol: int = 2) -> str:
    return "import pickle, sys\n" + source + _WRITE.format(protocol=protocol)


_CLASS = pickled("class Model:\n    pass\n\ncontent = Model()")
_WINDOWS = pickled(
    "import pathlib\n"
    "class Path:\n    def __reduce__(self):\n        return pathlib.WindowsPath, ('C:', 'weights.pt')\n\n"
    "content = Path()"
)
_OF_A_MODULE = """
import types
module = types.ModuleType("{name}")
for part in ["{name}".rsplit(".", n)[0] for n in range("{name}".count(".") + 1)]:
    sys.modules[part] = module
class Model:
    pass
Model.__module__ = "{name}"
module.Model = Model
content = Model()
"""
_FUNCTION = """
import sys, cloudpickle
def predict(x):
    return x + 1
with open(sys.argv[1], "wb") as file:
    cloudpickle.dump(predict, file)
"""
_READS_A_FILE = """
import sys, cloudpickle
def load(model):
    return open("weights.npy", "rb")
with open(sys.argv[1], "wb") as file:
    cloudpickle.dump({"model": None, "load_predict_fn": load}, file)
"""
_FOREST = (
    "from sklearn.ensemble import RandomForestClassifier\n"
    "content = RandomForestClassifier(n_estimators=2).fit([[0.0], [1.0]], [0, 1])"
)
_LINEAR = "from sklearn.linear_model import LinearRegression\ncontent = LinearRegression().fit([[0.0], [1.0]], [0, 1])"

# the image's own code, in which the class is not yet
_OF_AN_OLDER_IMAGE = """
import pathlib, sys
app = pathlib.Path(sys.argv[1]).parents[2] / "app"
app.mkdir()
(app / "scoring.py").write_text("def score(x): return x")
""" + pickled(_OF_A_MODULE.format(name="scoring").replace("Model", "Scorer"))
# as the client pickles an object of a script
_SET_STATE = """
import pathlib, runpy, sys
from launch.packing.pickles.pickling import pickle_to

SOURCE = '''
class Scores:
    def __init__(self):
        self.values = []

    def __setstate__(self, state):
        self.values = state["values"]
        self.mean = sum(self.values) / len(self.values)
'''
bundle = pathlib.Path(sys.argv[1])
train = bundle.parents[2] / "train.py"
train.write_text(SOURCE)
pickle_to(bundle, runpy.run_path(str(train), run_name="__main__")["Scores"]())
"""


_FRACTION = b"cfractions\nFraction\n(I1\nI0\ntR."  # calls it with 1 and 0


def _of_module(name: str) -> str:
    return pickled(_OF_A_MODULE.format(name=name))


FAILURES = (
    Failure("notebook-class", ("Model of __main__", "in the notebook itself"), script=_CLASS),
    Failure("windows-path", ("WindowsPath", "Keep paths as text"), script=_WINDOWS, python=bare("3.12")),
    Failure(
        "pathlib-of-python-3-13", ("pathlib._local",), script=pickled("import pathlib\ncontent = pathlib.Path('a')"),
        writer=bare("3.13"), python=bare("3.12"),
    ),
    Failure("transformers-modules", ("trust_remote_code",), script=_of_module("transformers_modules.tiny.modeling")),
    Failure("ipython-object", ("(module IPython)",), script=_of_module("IPython.core.display")),
    Failure("missing-module", ("'no_such'", "globals_copy"), script=_of_module("no_such")),
    Failure("package-by-another-name", ("package opencv-python-headless",), script=_of_module("cv2")),
    Failure(
        "python-2-pickle", ("encoding='latin1'",), script=pickled("content = {'name': '\\xe9t\\xe9'}"),
        writer=bare("2.7"), python=bare("3.12"),
    ),
    Failure("other-python", ("Python 3.12",), script=_FUNCTION, writer=bare("3.8"), python=bare("3.12")),
    Failure("file-beside-script", ("weights.npy was beside the script",), script=_READS_A_FILE, reason="LoadFailed"),
    Failure("cloudpickle-version", ("_gone",), pickle=b"ccloudpickle.cloudpickle\n_gone\n."),
    Failure(
        "numpy-2-pickle", ("NumPy 1.26.4 of the image", "by another image"),
        script=pickled("import numpy\ncontent = numpy.arange(3)", 5), writer=NUMPY_2, python=NUMPY_1,
    ),
    Failure(
        "numpy-1-pickle", ("NumPy 2.2.6",), script=pickled("import numpy\ncontent = numpy.s_"),
        writer=NUMPY_1, python=NUMPY_2,
    ),
    Failure(
        "numpy-random-pickle", ("random generator",),
        script=pickled("import numpy\ncontent = numpy.random.RandomState(0)"), writer=NUMPY_2, python=NUMPY_1,
    ),
    Failure(
        "pandas-version", ("pandas 2.2.3",),
        script=pickled("import pandas\ncontent = pandas.Series([1], index=pandas.Int64Index([7]))"),
        writer=NUMPY_1, python=NUMPY_2,
    ),
    Failure(
        "scikit-learn-version", ("scikit-learn 1.6.1",), script=pickled(_FOREST), writer=NUMPY_1, python=NUMPY_2,
    ),
    Failure(
        "scikit-learn-warning", ("scikit-learn 1.2.2 wrote the LinearRegression",),
        script=pickled(_LINEAR.replace("content =", "model =") + "\ncontent = {'model': model}"), writer=NUMPY_1,
        python=NUMPY_2, in_log=True,
    ),
    Failure("package-version", ("names pytest.gone", "the image has pytest"), pickle=b"cpytest.gone\nModel\n."),
    Failure(
        "name-of-another-version", ("module scoring has no Scorer",), script=_OF_AN_OLDER_IMAGE,
        environment={"PYTHONPATH": "../../app"},
    ),
    Failure(
        "runtime-of-another-version", ("names bundle_runtime.contract.layout",),
        pickle=b"cbundle_runtime.contract.layout\nno_such\n.",
    ),
    Failure(
        "pickled-code-raises", ("Scores.__setstate__: self.mean = sum(self.values)", "Code of your own"),
        script=_SET_STATE,
    ),
    Failure("pickle-not-made", ("in the module fractions", "kubectl logs --previous"), pickle=_FRACTION),
)  # fmt: skip
