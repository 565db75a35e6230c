"""The worker in the user's Python: every CPython from 3.8 to 3.13 that is here, and nothing installed in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import cloudpickle
import pytest

from tests.serving.conftest import Served
from tools.testkit.pythons import VERSIONS, interpreter, python_of
from tools.testkit.worker_runtime import put_runtime

VALUES = {
    "numbers": [0, -1, 2**31, -(2**63), 2**64 - 1, 1.0, -0.0, 5e-324, 1.7976931348623157e308],
    "many": [[number / 7 for number in range(300)]] * 3,
    "texts": ["", "\x00", "\u00e9", "\U0001f600", "long" * 300],
    "rest": [None, True, False, [], {}, {"": {"deep": [[[]]]}}],
}
WRITE = """
import sys, cloudpickle

def load_model_fn(app_config):
    return lambda x: x * app_config["times"]

def load_predict_fn(app_config, model):
    class Doubler:
        def __call__(self, x, y: str):
            if y == "stream":
                return iter(range(x))
            if y == "async":
                return self.count(x)
            if y == "repr":
                return repr(x)
            return model(x) + len(y)

        async def count(self, n):
            for number in range(n):
                yield number
    return Doubler()

with open(sys.argv[1], "wb") as file:
    cloudpickle.dump({"load_model_fn": load_model_fn, "load_predict_fn": load_predict_fn}, file)
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bundle_written_and_served_by_the_same_python(bundle: Served, tmp_path: Path, version: str) -> None:
    python = python_of(version)
    put_runtime(tmp_path / "runtime")
    pickled = tmp_path / "bundle.pkl"
    subprocess.run(
        [python, "-c", WRITE, str(pickled)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "runtime/vendor")},
    )
    document = {
        "artifact": {"pythonVersion": version, "cloudpickleVersion": cloudpickle.__version__},
        "appConfig": {"times": 2},
    }
    pair = bundle({}, document, python=python)
    pickled.replace(pair.root / "bundle/artifact/bundle.pkl")
    pair.start()
    assert pair.predict(x=1, y="hello").json == 7
    assert pair.predict(x=1).code == "ArgumentMismatch"
    instances = b'{"instances": [{"x": 1, "y": "hello"}, {"x": 2, "y": ""}]}'
    assert pair.call("POST", "/v1/models/model:predict", instances).json == {"predictions": [7, 4]}
    assert pair.predict(x=VALUES, y="repr").json == repr(VALUES)
    assert [pair.predict(x=3, y=kind).json for kind in ("stream", "async")] == [[0, 1, 2]] * 2
    inputs = [
        {"name": "x", "datatype": "INT64", "shape": [], "data": [1]},
        {"name": "y", "datatype": "BYTES", "shape": [], "data": ["hello"]},
    ]
    inferred = pair.call("POST", "/v2/models/model/infer", json.dumps({"inputs": inputs}).encode()).json
    assert inferred["outputs"] == [{"name": "output", "datatype": "INT64", "shape": [1], "data": [7]}]
    assert pair.call("GET", "/").json["worker"]["python"].startswith(version + ".")


NAMES = """
import sys
before = sorted(name.split(".")[0] for name in sys.modules)
path = list(sys.path)

def predict():
    return {"modules": sorted(set(before)), "path": path}
"""


def test_user_code_meets_the_standard_library_and_nothing_else_of_ours(bundle: Served, tmp_path: Path) -> None:
    python = interpreter("3.12") or interpreter("3.11")
    if python is None:
        pytest.skip("needs a CPython 3.11 or 3.12 that is not a virtual environment")
    ask = "import sys; print(*sys.modules, *sys.stdlib_module_names)"
    known = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    pair = bundle(NAMES, python=python)
    (pair.root / "requirements").mkdir()
    (pair.root / "requirements/extra.pth").write_text(str(tmp_path))
    answer = pair.start().predict().json
    assert set(answer["modules"]) - {name.split(".")[0] for name in known} == {
        "bundle_runtime",
        "bundle_spec",
        "predict",
    }

    path = answer["path"]
    assert path[0] == str(pair.root / "bundle/artifact")
    assert path[-1] == str(pair.root / "bundle/runtime/vendor")
    site_packages = next(index for index, entry in enumerate(path) if entry.endswith("site-packages"))
    for added in (str(pair.root / "requirements"), str(tmp_path)):
        assert path.index(added) < site_packages
    assert path.index(str(pair.root / "bundle/runtime")) > site_packages
