"""The packing modules under each Python that users have, and schemas under each pydantic: their own tests, run there.

They are pure of the rest of the project, so pytest runs them without its configuration and without tests/conftest.py.
"""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cloudpickle
import pytest

from tools.testkit.environments import python_with

ROOT = Path(__file__).resolve().parents[3]
PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PACKING = ("tests/launch/packing/archives", "tests/launch/packing/pickles", "tests/bundle_spec/test_schema_limits.py")
PYDANTICS = {  # with and without the library that checks schemas
    "1.10": ("3.8", "pydantic>=1.10,<2", "jsonschema-rs"),
    "2.0": ("3.8", "pydantic==2.0.*"),
    "2": ("3.13", "pydantic>=2.11,<3"),
}


def run(python: Path, directory: Path, *paths: str) -> str:
    """What pytest said at last."""
    elsewhere = os.environ.get("PYTHONPYCACHEPREFIX")  # nothing is written beside the sources
    bytecode = {"PYTHONPYCACHEPREFIX": elsewhere} if elsewhere else {"PYTHONDONTWRITEBYTECODE": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL_"))}
    command = [python, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={ROOT}", "--noconftest", "--tb=short"]
    command += ["--import-mode=importlib", "-p", "no:cacheprovider", f"--basetemp={directory}"]
    done = subprocess.run(
        [*command, *(str(ROOT / path) for path in paths)],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), **bytecode},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout.splitlines()[-1]


def test_packing_is_the_same_under_every_python(tmp_path: Path) -> None:
    packages = ("pytest>=8.3", "pathspec>=0.12", f"cloudpickle=={cloudpickle.__version__}")
    pythons = {version: python_with(version, *packages) for version in PYTHONS}
    with ThreadPoolExecutor(2) as pool:
        said = dict(zip(PYTHONS, pool.map(lambda v: run(pythons[v], tmp_path / v, *PACKING), PYTHONS), strict=True))
    assert {version for version, line in said.items() if re.match(r"[1-4]\d\d passed in", line)} == set(PYTHONS), said


@pytest.mark.parametrize("pydantic", PYDANTICS)
def test_schemas_are_the_same_under_every_pydantic(tmp_path: Path, pydantic: str) -> None:
    version, *packages = PYDANTICS[pydantic]
    python = python_with(version, "pytest>=8.3", "typing-extensions", *packages)
    line = run(python, tmp_path / "run", "tests/launch/packing/schemas")
    assert re.match(r"\d{2,3} passed", line), line


PYDANTIC_1 = """
import sys
from pathlib import Path
import pydantic
from pydantic import BaseModel
from launch.errors import NotPicklableError
from launch.packing.pickles.pickling import pickle_to
class Request(BaseModel):
    x: int
def refers(model):
    return lambda x: Request(x=x)
def defines(model):
    from pydantic import BaseModel
    class Inside(BaseModel):
        x: int
    return lambda x: Inside(x=x)
assert pydantic.compiled
pickle_to(Path(sys.argv[1]), {"model": 1, "load_predict_fn": defines})
try:
    pickle_to(Path(sys.argv[1]), {"model": 1, "load_predict_fn": refers})
except NotPicklableError as error:
    print(error)
"""


def test_a_class_of_a_compiled_pydantic_is_told_with_what_to_do(tmp_path: Path) -> None:
    python = python_with("3.11", "pydantic>=1.10,<2", f"cloudpickle=={cloudpickle.__version__}")
    command: list[str | Path] = [python, "-c", PYDANTIC_1, tmp_path / "bundle.pkl"]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.stdout == (
        "the bundle cannot be pickled: Request is a class of pydantic 1, and pydantic 1 is compiled: define the class "
        "inside load_predict_fn, or use create_model_bundle_from_dirs\n"
    ), done.stderr
