"""A file beside the functions that they name is not packed, and that is said before it is missed."""

from __future__ import annotations

from pathlib import Path

from launch.packing.pickles.files_named import left_beside


def test_files_beside_the_functions_are_found_in_code_globals_and_inner_functions(tmp_path):
    for name in ("a.npy", "b.npy", "c.npy", "unused.npy"):
        (tmp_path / name).write_text("")
    names: dict = {"__name__": "of_the_user", "WHERE": Path("b.npy")}
    exec(
        "def load():\n    return open('a.npy')\n"
        "def predict(x):\n    def inner():\n        return WHERE, ('c.npy', 1)\n    return inner, load, 'not.there'\n",
        names,
    )
    said = left_beside([names["predict"]], tmp_path)
    assert "name a.npy, b.npy, c.npy beside them" in said
    assert "no file is packed with them" in said


def test_where_nothing_is_named_nothing_is_said(tmp_path):
    (tmp_path / "a.npy").write_text("")
    assert left_beside([lambda x: "a.npy is text", tmp_path], tmp_path) == ""
