"""What lies in a zip of the user's directories, and what is refused or said before it is written.

These run under each Python that users have, too: tests/launch/packing/test_pythons.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from pathlib import Path

import pytest

from launch.errors import InvalidBundleError, WrongTypeError
from launch.packing.archives.archive import archive_to
from tests.launch.packing.archives.making import FUNCTIONS, MODULES, entries, packer, write


@pytest.fixture
def pack(tmp_path):
    return packer(tmp_path)


def test_files_lie_by_their_path_below_their_base_path(pack):
    done = pack(MODULES, {"weights/a.bin": "a"})
    assert entries(done) == ["model.py", "predict.py", "weights/a.bin"]
    assert (done.load_predict_fn, done.load_model_fn, done.warnings) == (*FUNCTIONS, [])
    data = done.packed.path.read_bytes()
    assert (done.packed.packaging, done.packed.size) == ("zip", len(data))
    assert done.packed.sha256 == hashlib.sha256(data).hexdigest()
    assert done.packed.python_version is None


@pytest.mark.parametrize(
    ("files", "functions", "names"),
    [
        (
            MODULES,
            ("code.predict.my_load_predict_fn", "code.model.my_load_model_fn"),
            ["code/model.py", "code/predict.py"],
        ),
        (
            {"code.py": MODULES["predict.py"], "model.py": MODULES["model.py"]},
            ("code.my_load_predict_fn", "model.my_load_model_fn"),
            ["code.py", "model.py"],
        ),
        (
            {"code/predict.py": MODULES["predict.py"], "model.py": MODULES["model.py"]},
            ("code.predict.my_load_predict_fn", "model.my_load_model_fn"),
            ["code/predict.py", "model.py"],
        ),
        (
            {"pkg/__init__.py": MODULES["predict.py"], "pkg/sub/model.py": MODULES["model.py"]},
            ("pkg.my_load_predict_fn", "pkg.sub.model.my_load_model_fn"),
            ["pkg/__init__.py", "pkg/sub/model.py"],
        ),
        (
            {"predict.cpython-311-x86_64-linux-gnu.so": "", "model.py": MODULES["model.py"]},
            FUNCTIONS,
            ["model.py", "predict.cpython-311-x86_64-linux-gnu.so"],
        ),
    ],
)
def test_dotted_paths_may_begin_with_the_base_path_itself(pack, files, functions, names):
    done = pack(files, functions=functions)
    assert (entries(done), done.warnings) == (names, [])
    assert (done.load_predict_fn, done.load_model_fn) == functions


def test_a_base_path_is_called_what_it_is_called_from_inside_too(tmp_path, monkeypatch):
    write(tmp_path / "code", MODULES)
    monkeypatch.chdir(tmp_path / "code")
    functions = ("code.predict.my_load_predict_fn", "code.model.my_load_model_fn")
    for base in (".", "../code", "./"):
        assert entries(archive_to(tmp_path / "bundle.zip", [base], *functions)) == ["code/model.py", "code/predict.py"]


def test_the_same_files_give_the_same_bytes_whenever_and_wherever(tmp_path):
    found = set()
    for number, names in enumerate((list(MODULES), list(MODULES)[::-1])):
        base = tmp_path / str(number) / "code"
        for name in names:
            write(base, {name: MODULES[name], f"sub/{name}": "x" * 1000})
            os.utime(base / name, (10**9 + number, 10**9 + number))
            (base / name).chmod(0o600 + number * 0o44)
        found.add(archive_to(tmp_path / f"{number}.zip", [str(base)], *FUNCTIONS).packed.sha256)
    assert len(found) == 1


def test_what_may_run_stays_so(pack, tmp_path):
    write(tmp_path / "code", {"tool": "#!/bin/sh\n"})
    (tmp_path / "code/tool").chmod(0o700)
    with zipfile.ZipFile(pack(MODULES).packed.path) as opened:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in opened.infolist()}
        assert modes == {"model.py": "0o100644", "predict.py": "0o100644", "tool": "0o100755"}
        assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_DEFLATED}


def test_one_file_in_two_base_paths_is_there_once(pack):
    assert entries(pack(MODULES, MODULES)) == ["model.py", "predict.py"]


@pytest.mark.parametrize(
    ("bases", "functions", "said"),
    [
        ([], FUNCTIONS, "base_paths is empty"),
        ([{"__pycache__/a": ""}], FUNCTIONS, "has no files to pack: it is empty, or all in it is left out"),
        ([{**MODULES, ".bundleignore": "*"}], FUNCTIONS, "has no files to pack"),
        ([MODULES, {".git/x": ""}], FUNCTIONS, "more has no files to pack"),
        (
            [MODULES, {"predict.py": "x = 1"}],
            FUNCTIONS,
            "two base paths hold the file predict.py with different content",
        ),
        (
            [MODULES, {"predict.py/x": ""}],
            FUNCTIONS,
            "predict.py is a file in one base path and a directory in another",
        ),
        (
            [MODULES],
            ("predictor.fn", "model.fn"),
            r"no module predictor; they have: model, predict; did you mean predict\?",
        ),
        ([MODULES], ("predict.Class.method", "model.fn"), r"has no module|no module predict\.Class"),
        (
            [MODULES],
            ("predict.my_load_predict_fn", "models.x.fn"),
            r"load_model_fn is models\.x\.fn, but .* models\.x;",
        ),
        ([{"a.txt": ""}], FUNCTIONS, "they have: none"),
        ([MODULES], ("predict", "model.fn"), "load_predict_fn is 'predict': write module.function"),
        ([MODULES], ("predict.fn", "model-x.fn"), "load_model_fn is 'model-x.fn': write module.function"),
        ([MODULES], ("predict..fn", "model.fn"), "write module.function"),
        ([MODULES], ("a." + "b" * 300, "model.fn"), "at most 256"),
        ([{**MODULES, "a\\b": ""}], FUNCTIONS, "backslash"),
        ([{**MODULES, "a/b\udcff": ""}], FUNCTIONS, "is not UTF-8"),
    ],
)
def test_what_makes_no_archive_is_refused_and_leaves_nothing(pack, tmp_path, bases, functions, said):
    with pytest.raises(InvalidBundleError, match=said):
        pack(*bases, functions=functions)
    assert not (tmp_path / "bundle.zip").exists()


def test_a_base_path_is_a_directory_that_exists(tmp_path):
    write(tmp_path, MODULES)
    with pytest.raises(InvalidBundleError, match=f"none does not exist .looked for {tmp_path}/none"):
        archive_to(tmp_path / "bundle.zip", [str(tmp_path / "none")], *FUNCTIONS)
    with pytest.raises(InvalidBundleError, match=r"predict\.py is a file: give the directory that it is in"):
        archive_to(tmp_path / "bundle.zip", [str(tmp_path / "predict.py")], *FUNCTIONS)


@pytest.mark.parametrize(
    ("base_paths", "functions", "said"),
    [
        ("code", FUNCTIONS, "base_paths is a str: give a list"),
        ([1], FUNCTIONS, "base_paths holds a int"),
        (["code"], (lambda: 1, "model.fn"), "load_predict_fn is a function: give a dotted path"),
    ],
)
def test_other_types_are_type_errors(tmp_path, base_paths, functions, said):
    with pytest.raises(WrongTypeError, match=said):
        archive_to(tmp_path / "bundle.zip", base_paths, *functions)


@pytest.mark.parametrize(
    "source",
    [
        "from other import my_load_predict_fn\n",
        "from other import *\n",
        "from other import fn as my_load_predict_fn\n",
        "my_load_predict_fn = lambda model: model\n",
        "import sys\nif sys:\n    class my_load_predict_fn: pass\n",
        "try:\n    import x\nexcept ImportError:\n    def my_load_predict_fn(m): pass\n",
        "a, (my_load_predict_fn, b) = 1, (2, 3)\n",
        "my_load_predict_fn: object = 1\n",
        "def __getattr__(name): return 1\n",
        "x = '\\d'\ndef my_load_predict_fn(m): pass\n",
    ],
)
def test_a_function_may_be_made_in_many_ways(pack, source, recwarn):
    assert pack({**MODULES, "predict.py": source}).warnings == []
    assert list(recwarn) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("\nnumpy\nsklearn\n", r"predict\.py has no my_load_predict_fn; it has nothing; its text reads like a req"),
        ("\n    numpy\n    sklearn\n", r"is not valid Python \(line 2: unexpected indent\); its text reads like a req"),
        (
            "numpy==1.26\nscikit-learn>=1,<2  # pinned\n",
            r"is not valid Python \(line 2: .*reads like a requirements file",
        ),
        ("def (:\n", r"predict\.py is not valid Python \(line 1: [^;]*\): the bundle will not load"),
        (
            "def other():\n    def my_load_predict_fn(): pass\n",
            r"has no my_load_predict_fn; it has other: the bundle will",
        ),
        ("a\0b", r"predict\.py is not valid Python"),
    ],
)
def test_a_module_without_its_function_is_packed_and_said(pack, source, said):
    done = pack({**MODULES, "predict.py": source})
    assert entries(done) == ["model.py", "predict.py"]
    assert len(done.warnings) == 1
    assert re.search(said, done.warnings[0]), done.warnings


def test_nothing_is_left_of_an_archive_that_could_not_be_written(tmp_path):
    base = write(tmp_path / "code", MODULES)
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / "bundle.zip").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        archive_to(tmp_path / "bundle.zip", [base], *FUNCTIONS)
    assert not (tmp_path / "bundle.zip").is_symlink()
