"""What is found wrong with an artifact without running it: the same as a load finds, and nothing that loads."""

from __future__ import annotations

import pickle
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from bundle_runtime.contract.layout import ROOT_VARIABLE, Layout
from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.worker.load import unrun
from bundle_runtime.worker.load.unrun import check_artifact
from bundle_spec.document import BundleDocument

CONTENT = {
    "a": [1, 2.5, None, True],
    "b": b"x" * 70_000,
    "c": "ü" * 300,
    "d": {(1, 2): {3}},
    "e": bytearray(9),
    "f": Path,
}
LOAD = "def load(model):\n    return print\n"


@pytest.fixture(autouse=True)
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))


def pickled(tmp_path: Path, data: bytes) -> Layout:
    layout = Layout(str(tmp_path))
    Path(layout.artifact_dir).mkdir(parents=True, exist_ok=True)
    Path(layout.pickle_file).write_bytes(data)
    return layout


def refused(layout: Layout, **document: Any) -> RuntimeFailure | None:
    try:
        check_artifact(layout, cast("BundleDocument", {"artifact": {"packaging": "cloudpickle"}, **document}))
    except RuntimeFailure as failure:
        return failure
    return None


def loads(data: bytes) -> bool:
    try:
        pickle.loads(data)
    except Exception:
        return False
    return True


def of_zip(tmp_path: Path, files: dict[str, str], path: str = "predict.load", **document: Any) -> RuntimeFailure | None:
    layout = Layout(str(tmp_path))
    for name, source in files.items():
        file = Path(layout.artifact_dir, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    Path(layout.artifact_dir).mkdir(parents=True, exist_ok=True)
    return refused(layout, artifact={"packaging": "zip"}, loadPredictFn=path, **document)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_passes_and_none_of_its_beginnings_does(tmp_path: Path, protocol: int) -> None:
    whole = pickle.dumps(CONTENT, protocol)
    assert refused(pickled(tmp_path, whole)) is None
    for length in {*range(0, 90), *range(90, len(whole), 9_973)}:
        failure = refused(pickled(tmp_path, whole[:length]))
        assert failure is not None, length
        assert failure.reason == "UnpickleFailed"
        assert failure.message.endswith(("#pickle-cut-off]", "#not-a-pickle]", "#empty-file]")), failure.message


def test_what_is_refused_no_load_would_have_read(tmp_path: Path) -> None:
    random, found = Random(7), 0
    for protocol in (0, 2, 4, 5):
        whole = pickle.dumps([1, "two", b"three", {"four": [5.0]}], protocol)
        for _ in range(80):
            data = bytearray(whole)
            data[random.randrange(len(data))] = random.randrange(256)
            if refused(pickled(tmp_path, bytes(data))) is not None:
                found += 1
                assert not loads(bytes(data))
    assert found > 30


def test_a_start_does_not_wait_for_millions_of_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unrun, "_SECONDS", 0.0)
    assert refused(pickled(tmp_path, pickle.dumps(list(range(9))) + b"!")) is None
    monkeypatch.setattr(unrun, "_SECONDS", 60.0)
    assert refused(pickled(tmp_path, pickle.dumps([float(number) for number in range(20_000)])[:-1])) is not None


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-lfs-pointer"),
        (b"<!DOCTYPE html>\n<html></html>", "html-page"),
        (b"PK\x03\x04rest", "zip-file"),
        (b"PK\x03\x04\nN.", "zip-file"),
        (b"\x80\x09N.", "pickle-protocol"),
        (b"\x80\x04\x8e" + b"\xff" * 8, "pickle-cut-off"),
        (b"this is not a pickle", "not-a-pickle"),
    ],
)
def test_it_is_told_as_a_load_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, row: str) -> None:
    monkeypatch.setenv("MODELBUNDLE_ROOT", str(tmp_path))
    failure = refused(pickled(tmp_path, data))
    assert failure is not None
    assert failure.message.startswith("unpickling the bundle raised ")
    assert failure.message.endswith(f"#{row}]")


@pytest.mark.parametrize(
    ("files", "path", "reason", "says"),
    [
        ({}, "predict.load", "LoadFunctionNotFound", "no module predict; at its top are: no files"),
        ({"mine/predict.py": LOAD}, "predict.load", "LoadFunctionNotFound", "at its top are: mine"),
        ({"predict.py": "def other(): pass\n"}, "predict.load", "LoadFunctionNotFound", "it has: other"),
        ({"a/__init__.py": "", "a/b.py": "x = 1\n"}, "a.b.load", "LoadFunctionNotFound", "it has: none"),
        ({"predict.py": "def load(:\n"}, "predict.load", "LoadFailed", "SyntaxError"),
        ({"predict.py": "return 1\n"}, "predict.load", "LoadFailed", "SyntaxError"),
        ({"predict.py": LOAD}, "load", "LoadFunctionNotFound", "write module.function"),
    ],
)
def test_a_function_that_no_import_would_find(
    tmp_path: Path, files: dict[str, str], path: str, reason: str, says: str
) -> None:
    failure = of_zip(tmp_path, files, path)
    assert failure is not None
    assert failure.reason == reason
    assert says in failure.message


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"predict.py": LOAD}, "predict.load"),
        ({"predict.py": "from other import *\n"}, "predict.load"),
        ({"predict.py": "globals()['lo' + 'ad'] = print\n"}, "predict.load"),
        ({"predict.py": "def __getattr__(name): return print\n"}, "predict.load"),
        ({"predict.py": "raise ValueError\ndef load(): pass\n"}, "predict.load"),
        ({"a/__init__.py": "", "a/b.py": LOAD}, "a.b.load"),
        ({"a/__init__.py": "__path__.append('/x')\n"}, "a.b.load"),
        ({"predict.so": ""}, "predict.load"),
        ({"predict.py": "def load(:\n", "__pycache__/predict.cpython-311.pyc": ""}, "predict.load"),
        ({}, "json.loads"),
    ],
)
def test_what_may_be_found_passes(tmp_path: Path, files: dict[str, str], path: str) -> None:
    assert of_zip(tmp_path, files, path) is None


def test_a_module_may_come_with_the_requirements(tmp_path: Path) -> None:
    assert of_zip(tmp_path, {}, "package_of_ours.load", requirements=["package-of-ours"]) is None
    assert of_zip(tmp_path, {}, "package_of_ours.load") is not None


def test_the_function_that_loads_the_model_is_looked_for_too(tmp_path: Path) -> None:
    failure = of_zip(tmp_path, {"predict.py": LOAD}, loadModelFn="model.load")
    assert failure is not None
    assert "loadModelFn is model.load, but the bundle has no module model" in failure.message
