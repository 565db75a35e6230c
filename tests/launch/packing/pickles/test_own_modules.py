"""Functions of modules that are in no package are pickled with what they use of them, and that is said.

tests/launch/packing/test_pythons.py runs these under each Python.
"""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
import textwrap

import pytest

from launch.packing.pickles.own_modules import pickle_with_own_modules

MODULES = {
    "my_models": """
        import functools
        from my_tools import scale
        SCALE = 3
        class Model:
            factor = SCALE
            def __call__(self, x):
                return scale(x, self.factor)
        def load(config=None):
            return Model()
        half = functools.partial(scale, factor=0.5)
    """,
    "my_tools": """
        import json
        def scale(x, factor):
            return json.loads(json.dumps(x * factor))
    """,
    "my_locked": """
        import threading
        LOCK = threading.Lock()
        def fn(x):
            with LOCK:
                return x
    """,
}


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


def elsewhere(path, *arguments):
    """What the pickled function gives in a process that has none of the modules."""
    program = "import pickle, sys; fn = pickle.load(open(sys.argv[1], 'rb')); print(eval(sys.argv[2]))"
    command = [sys.executable, "-c", program, str(path), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("name", "asked", "gives"), [("load", "fn()(2)", "6"), ("Model", "fn()(2)", "6"), ("half", "fn(4)", "2.0")]
)
def test_functions_classes_and_partials_come_along_with_what_they_use(tmp_path, name, asked, gives):
    module = importlib.import_module("my_models")
    packed, said = pickle_with_own_modules(tmp_path / "bundle.pkl", getattr(module, name))
    assert elsewhere(packed.path, asked) == gives
    assert len(said) == 1
    assert "my_tools is pickled with them, as it is now" in said[0]


def test_what_cannot_be_pickled_stays_by_reference(tmp_path):
    module = importlib.import_module("my_locked")
    packed, said = pickle_with_own_modules(tmp_path / "bundle.pkl", module.fn)
    assert said == []
    with packed.path.open("rb") as file:
        assert pickle.load(file) is module.fn


def test_packages_and_the_standard_library_stay_by_reference(tmp_path):
    packed, said = pickle_with_own_modules(tmp_path / "bundle.pkl", textwrap.dedent)
    assert (said, packed.size < 100) == ([], True)
    assert pickle_with_own_modules(tmp_path / "bundle.pkl", pytest.approx)[1] == []
