"""The lines of pickled functions are behind the pickle, and a traceback shows them where the file is not.

These run under each Python that users have, too: tests/launch/packing/test_pythons.py.
"""

from __future__ import annotations

import linecache
import pickle
import runpy
import traceback

import pytest

from bundle_runtime.contract.source_lines import LONGEST, MARK, encoded, register, register_from_end
from launch.packing.pickles.pickling import pickle_to
from launch.packing.pickles.source_lines import source_lines

SECRET = 'KEY = "not in the pickle"'
SOURCE = f"""{SECRET}
def helper(x):
    return 1 / x  # the line


class Model:
    def go(self, x):
        return helper(x)


def predict(x):
    return Model().go(x)
"""


@pytest.fixture
def predict(tmp_path):
    file = tmp_path / "train.py"
    file.write_text(SOURCE)
    return runpy.run_path(str(file), run_name="model_bundle_source")["predict"]


def loaded(path):
    with path.open("rb") as file:
        content = pickle.load(file)
        register(file)
    return content


def frames(function):
    try:
        function(0)
    except ZeroDivisionError as error:
        return [(frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__)[1:]]
    raise AssertionError("it raises")


def test_a_traceback_shows_them(tmp_path, predict):
    pickle_to(tmp_path / "bundle.pkl", predict)
    data = (tmp_path / "bundle.pkl").read_bytes()
    (tmp_path / "train.py").unlink()
    linecache.clearcache()
    assert frames(pickle.loads(data)) == [("predict", ""), ("go", ""), ("helper", "")]
    expected = [("predict", "return Model().go(x)"), ("go", "return helper(x)"), ("helper", "return 1 / x  # the line")]
    assert frames(loaded(tmp_path / "bundle.pkl")) == expected


def test_they_are_found_where_the_pickle_is_not_read_to_its_end(tmp_path, predict):
    pickle_to(tmp_path / "bundle.pkl", predict)
    content = pickle.loads((tmp_path / "bundle.pkl").read_bytes())
    (tmp_path / "train.py").unlink()
    linecache.clearcache()
    with (tmp_path / "bundle.pkl").open("rb") as file:
        file.read(7)
        register_from_end(file)
    assert frames(content)[0] == ("predict", "return Model().go(x)")


@pytest.mark.parametrize("data", [b"", b"short", b"x" * (LONGEST + 99)])
def test_a_file_without_lines_has_none_at_its_end(tmp_path, data):
    (tmp_path / "bundle.pkl").write_bytes(data)
    with (tmp_path / "bundle.pkl").open("rb") as file:
        register_from_end(file)


def test_lines_that_are_not_of_a_function_stay_here(tmp_path, predict):
    pickle_to(tmp_path / "bundle.pkl", predict)
    assert SECRET.encode() not in (tmp_path / "bundle.pkl").read_bytes()


def test_they_are_the_same_wherever_the_file_lies(tmp_path, predict):
    if any("train.py" in name for name in source_lines(predict)):
        pytest.skip("needs a cloudpickle that leaves the name of the file out: this one writes it")
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere/other.py"
    file.write_text(SOURCE)
    other = runpy.run_path(str(file), run_name="model_bundle_source")["predict"]
    lines = source_lines(predict)
    assert lines == source_lines(other)
    assert lines != {}


def test_a_number_of_two_lines_is_left_out(tmp_path, predict):
    file = tmp_path / "other.py"
    file.write_text("def other(x):\n    return -x\n")
    other = runpy.run_path(str(file), run_name="model_bundle_source")["other"]
    lines = source_lines([predict, other])
    texts = [text for parts in lines.values() for run in parts.values() for text in run]
    assert "def predict(x):" in texts
    assert ("def helper(x):" in texts) == ("    return -x" in texts) == (len(lines) == 2), "line 2 of both files"


def test_functions_without_lines_have_none(tmp_path):
    assert source_lines(len) == {}
    names = {"__name__": "__main__"}
    exec("def fn(x):\n    return x\n", names)
    assert source_lines(names["fn"]) == {}
    assert encoded({}) == b""
    assert encoded({"a.py": {"1": ["x" * LONGEST]}}) == b"", "too many"


@pytest.mark.parametrize(
    "rest",
    [b"", b"{}", MARK, MARK + b"[1]", MARK + b'{"a": 1}', MARK + b'{"a": {"x": ["y"]}}', MARK + b"\xff", b"\x00" * 99],
)
def test_bytes_of_another_program_are_let_be(tmp_path, rest):
    path = tmp_path / "bundle.pkl"
    path.write_bytes(pickle.dumps(7) + rest)
    assert loaded(path) == 7
