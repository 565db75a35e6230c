"""A bundle that cannot be loaded: the reason, whose code it was and what to do, in the report and at GET /."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE, Pair, until


def failed(pair: Pair) -> dict[str, Any]:
    pair.start(wait=False)
    assert pair.worker.wait(PATIENCE) == 1, pair.worker_log
    about = until(lambda: pair.call("GET", "/").json["failure"] and pair.call("GET", "/").json, "the server has it")
    assert about["failure"]["reason"] == pair.report["reason"]
    refused = pair.predict()
    assert (refused.status, refused.code) == (503, "NotReady")
    assert pair.report["reason"] in refused.message
    return pair.report


@pytest.mark.parametrize(
    ("source", "document", "reason", "says"),
    [
        ("x = 1 / 0", {}, "LoadFailed", ["importing predict raised ZeroDivisionError", "predict.py:1"]),
        ("import no_such", {}, "LoadFailed", ["No module named 'no_such'", "requirements"]),
        ("def predict(): return 1", {"loadPredictFn": "predict.other"}, "LoadFunctionNotFound", ["it has: predict"]),
        ("", {"loadPredictFn": "other.load"}, "LoadFunctionNotFound", ["no module other", "predict.py"]),
        ("", {"loadPredictFn": "load"}, "LoadFunctionNotFound", ["module.function"]),
        (
            "import pickle\ndef load_predict_fn(model):\n    pickle.loads(b'c__main__\\nModel\\n.')",
            {},
            "LoadFailed",
            ["names Model of __main__", "#main-of-a-file"],
        ),
        ("def load_predict_fn(model):\n    return 3", {}, "LoadFailed", ["returned a int, which cannot be called"]),
        ("def load_predict_fn(model):\n    raise SystemExit(3)", {}, "LoadFailed", ["SystemExit: 3"]),
        ("def load_predict_fn(model):\n    raise OSError('x' * 9000)", {}, "LoadFailed", ["fix it and make a new"]),
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nraise OSError(1)",
            {},
            "LoadFailed",
            ["OSError"],
        ),
        ("", {"artifact": {"pythonVersion": "3.7"}}, "PythonMismatch", ["Python 3.7", "envParams"]),
    ],
)
def test_a_bundle_that_cannot_be_loaded(
    bundle: Served, source: str, document: dict[str, Any], reason: str, says: list[str]
) -> None:
    report = failed(bundle(source, document))
    assert report["reason"] == reason
    for words in says:
        assert words in report["message"]


@pytest.mark.parametrize(
    ("pickle", "says"),
    [
        (b"cno_such\nf\n.", ["No module named 'no_such'", "globals_copy"]),
        (b"cos\nno_such\n.", ["AttributeError", "write the pickle with the image's Python", "#python-without-name"]),
        (b"c__main__\nModel\n.", ["names Model of __main__", "#notebook-class"]),
        (b"not a pickle", ["begins with b'not a pickle'", "#not-a-pickle"]),
    ],
)
def test_a_pickle_that_cannot_be_read(bundle: Served, pickle: bytes, says: list[str]) -> None:
    pair = bundle({})
    (pair.root / "bundle/artifact/bundle.pkl").write_bytes(pickle)
    report = failed(pair)
    assert report["reason"] == "UnpickleFailed"
    for words in says:
        assert words in report["message"]


def test_a_pickle_of_something_else(bundle: Served) -> None:
    report = failed(bundle({"weights": 1}))
    assert (report["reason"], "weights" in report["message"]) == ("LoadFunctionNotFound", True)


def test_a_document_that_was_edited(bundle: Served) -> None:
    pair = bundle("def predict(): return 1")
    pair.start_server()
    with open(pair.root / "config/bundle.json", "ab") as file:
        file.write(b" ")
    pair.start_worker()
    assert pair.worker.wait(PATIENCE) == 1
    assert pair.report["reason"] == "BundleDocumentMismatch"


ATTRIBUTES = """
class Predict:
    @property
    def {name}(self):
        raise ZeroDivisionError("{name}")

    def __call__(self, x=0):
        return x + 1

def load_predict_fn(model):
    return Predict()
"""


def test_an_attribute_that_raises_is_a_failure_of_the_load(bundle: Served) -> None:
    report = failed(bundle(ATTRIBUTES.format(name="not_finite")))
    assert report["reason"] == "LoadFailed"
    assert "ZeroDivisionError: not_finite" in report["message"]


def test_a_signature_that_cannot_be_asked_for_takes_every_field(served: Served) -> None:
    pair = served(ATTRIBUTES.format(name="__signature__"))
    assert pair.predict(x=1).json == 2


MANY_NAMES = """
names = ["the_feature_of_the_table_with_the_number_%d" % number for number in range(3000)]
exec("def predict(%s=0): return locals()" % "=0, ".join(names))
"""


def test_a_function_of_thousands_of_arguments(served: Served) -> None:
    pair = served(MANY_NAMES)
    name = "the_feature_of_the_table_with_the_number_7"
    assert pair.predict(**{name: 5}).json[name] == 5
    assert pair.predict(other=5).code == "ArgumentMismatch"
    assert pair.call("GET", "/openapi.json").status == 200


FORKS = """
import os

def load_predict_fn(model):
    child = os.fork()
    if not child:
        {does}
    return lambda: child
"""


@pytest.mark.parametrize("does", ["pass", "raise ValueError('in the child')"])
def test_a_child_in_which_the_loading_goes_on_ends_and_says_nothing(served: Served, does: str) -> None:
    pair = served(FORKS.format(does=does))
    child = Path(f"/proc/{pair.predict().json}/stat")
    until(lambda: not child.exists() or child.read_text().split()[2] == "Z", "the child has ended")
    assert not pair.report_file.exists()
    assert pair.worker_log.count("worker: loaded in") == 1


ASKED = """
import sys

def predict(key="here"):
    {"here": 1}[key]
    return [name for name in sys.modules if name.startswith("bundle_runtime.advice")]
"""


def test_the_table_of_known_failures_is_not_read_before_something_fails(served: Served) -> None:
    pair = served(ASKED)
    assert pair.predict().json == [], "neither loading nor a request pays for it"
    assert pair.predict(key="away").code == "PredictFailed"
    assert "bundle_runtime.advice.table" in pair.predict().json
