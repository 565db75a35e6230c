"""A file beside the functions that they name is not packed, and that is said before it is missed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from launch.packing.pickles.files_named import left_beside


def test_files_beside_the_functions_are_found_in_code_globals_and_inner_functions(tmp_path):
    for name in ("a.npy", "b.npy", "c.npy", "unused.npy"):
        (tmp_path / name).write_text("")
    names: dict = {"__name__": "of_the_user", "__file__": str(tmp_path / "serve.py"), "WHERE": Path("b.npy")}
    exec(
        "def load():\n    return open('a.npy')\n"
        "def predict(x):\n    def inner():\n        return WHERE, ('c.npy', 1)\n    return inner, load, 'not.there'\n",
        names,
    )
    said = left_beside([None, names["predict"]])
    assert "name a.npy, b.npy, c.npy beside them" in said
    assert "no file is packed with them" in said


def test_a_file_beside_a_module_that_is_opened_by_the_modules_path_is_found(tmp_path, monkeypatch):
    (tmp_path / "labels.json").write_text("{}")
    (tmp_path / "of_the_user.py").write_text(
        "import os\n\ndef load():\n    return open(os.path.join(os.path.dirname(__file__), 'labels.json'))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("of_the_user")
    del sys.modules["of_the_user"]
    assert "name labels.json beside them" in left_beside([module.load])
    assert "name labels.json beside them" in left_beside([lambda: module.load()])


def test_beside_a_prompt_is_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "weights.npy").write_text("")
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "__main__"}
    exec("def load():\n    return open('weights.npy')\n", names)
    assert "name weights.npy beside them" in left_beside([names["load"]])


def test_where_nothing_is_named_nothing_is_said(tmp_path, monkeypatch):
    (tmp_path / "a.npy").write_text("")
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "__main__"}
    exec("def predict(x):\n    return 'a.npy is text'\n", names)
    assert left_beside([names["predict"], tmp_path, None, 3]) == ""
