"""Which words are code, which are a bundle's file, and what a bundle of code is called."""

from __future__ import annotations

import pytest

from launch.cli.source_word import Source, source_of


@pytest.mark.parametrize(
    ("word", "source", "name"),
    [
        ("a/my_model.py", Source("a/my_model.py", "", None), "my_model"),
        ("a/my_model.py:f", Source("a/my_model.py", "", "f"), "my_model"),
        ("n.ipynb:f", Source("n.ipynb", "", "f"), "n"),
        ("package.module:f", Source("", "package.module", "f"), "module"),
        ("module:f", Source("", "module", "f"), "module"),
        ("folder", Source("folder", "", None), "folder"),
    ],
)
def test_code(tmp_path, monkeypatch, word, source, name):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert source_of(word) == source
    assert source.name == name


@pytest.mark.parametrize("word", ["-", "bundle.yaml", "bundle.json", "a/bundle", "b.yaml:f", "a:b.yaml", "module"])
def test_a_bundles_file(tmp_path, monkeypatch, word):
    (tmp_path / "b.yaml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert source_of(word) is None
