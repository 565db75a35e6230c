"""Lines of the user's source are in answers only where that is switched on; the log has all of it always."""

from __future__ import annotations

import json

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE, until

RAISES = """
class Odd:
    def __init__(self):
        pass

    def tolist(self):
        raise ValueError("bad tolist")

def inner():
    raise RuntimeError("no such weights")

def predict(do: str = "raise"):
    if do == "encode":
        return Odd()
    if do == "stream":
        return stream()
    inner()

def stream():
    yield 1
    inner()
"""
SOURCE = "predict.py:10 in inner: raise RuntimeError("

WAYS = [
    ("/predict", {}, "RuntimeError: no such weights"),
    ("/launch/predict", {"args": {}}, "RuntimeError: no such weights"),
    ("/v1/models/model:predict", {"instances": [{}]}, "instance 0: RuntimeError: no such weights"),
    ("/v2/models/model/infer", {"inputs": []}, "RuntimeError: no such weights"),
]


@pytest.mark.parametrize("shows", [False, True], ids=["off", "on"])
def test_an_answer_says_where_only_when_it_may(served: Served, shows: bool) -> None:
    pair = served(RAISES, **({"tracebacks": True} if shows else {}))
    for path, body, says in WAYS:
        answer = pair.call("POST", path, json.dumps(body).encode())
        text = json.dumps(answer.json)
        assert answer.status == 500
        assert says in text, path
        assert (SOURCE in text) == shows, path
        assert ("predict.py" in text) == shows, path
    lines = pair.call("POST", "/predict", b'{"do": "stream"}', accept="application/x-ndjson").body.splitlines()
    assert lines[0] == b"1"
    assert (b"predict.py" in lines[1]) == shows
    encode = pair.predict(do="encode")
    assert (encode.status, encode.code) == (500, "ResponseNotJSON")
    assert "Traceback" in pair.worker_log
    assert "no such weights" in pair.worker_log


CAUSES = """
def predict(length=0):
    secret = "a value of the function"
    try:
        raise KeyError("the password")
    except KeyError as cause:
        raise RuntimeError("m" * length or "no such weights") from cause
"""


def test_an_answer_has_the_type_and_message_of_what_was_raised_last_and_nothing_else(served: Served) -> None:
    pair = served(CAUSES)
    answer = pair.predict()
    assert answer.json == {
        "error": {"code": "PredictFailed", "message": "RuntimeError: no such weights", "details": []}
    }
    assert pair.predict(length=2000).message == "RuntimeError: " + "m" * 2000
    assert pair.predict(length=2001).message == "RuntimeError: " + "m" * 2000 + " [...]"
    assert "the password" in pair.worker_log
    assert "a value of the function" not in str({**answer.headers, "body": answer.body})


GONE = """
import os, tempfile

def predict(code):
    os.chdir(where := tempfile.mkdtemp())
    os.rmdir(where)
    return eval(code)  # a file of no place, as the functions of a notebook have it
"""


def test_in_a_directory_that_is_gone_the_message_is_still_there(served: Served) -> None:
    assert served(GONE, tracebacks=True).predict(code="no_such_name").message.startswith("NameError: name 'no_such")


@pytest.mark.parametrize("shows", [False, True], ids=["off", "on"])
def test_why_a_bundle_does_not_load_neither(bundle: Served, shows: bool) -> None:
    source = "def load_predict_fn(model):\n    raise OSError('no such weights')\n"
    pair = bundle(source, **({"tracebacks": True} if shows else {})).start(wait=False)
    assert pair.worker.wait(PATIENCE) == 1
    message = until(lambda: pair.call("GET", "/").json["failure"], "the server has it")["message"]
    refused = pair.predict().message
    for text in (message, refused):
        assert "load_predict_fn raised OSError: no such weights" in text
        assert "fix it and make a new bundle" in text
        assert ("predict.py:2" in text) == shows
    assert "predict.py:2" in pair.report["message"], "who may read the object sees it"
