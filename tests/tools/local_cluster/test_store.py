"""The cache: nothing half-made is ever found in it, and a name says exactly what is in it."""

import multiprocessing
import time
from pathlib import Path

import pytest

from tools.local_cluster import store


def test_a_thing_appears_only_when_complete(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with store.making(target) as scratch:
        (scratch / "new").write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with store.making(tmp_path / "thing") as scratch:
            (scratch / "new").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_was_killed_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".thing.x1y2").mkdir()
    (tmp_path / "kept").mkdir()
    store.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def _hold(lock: Path, order: Path) -> None:
    with store.locked(lock, "test"):
        before = order.read_text() if order.exists() else ""
        time.sleep(0.05)
        order.write_text(before + "x")


def test_a_lock_holds_between_processes(tmp_path: Path) -> None:
    processes = [multiprocessing.Process(target=_hold, args=(tmp_path / "lock", tmp_path / "order")) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert (tmp_path / "order").read_text() == "xxxx"


def test_a_fingerprint_depends_on_content_names_and_borders(tmp_path: Path) -> None:
    assert store.fingerprint(["ab", "c"]) != store.fingerprint(["a", "bc"])
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.py").write_text("1")
    first = store.fingerprint(store.tree_parts(tmp_path, ["source"]))
    (tmp_path / "source" / "__pycache__").mkdir()
    (tmp_path / "source" / "__pycache__" / "a.pyc").write_text("compiled")
    assert store.fingerprint(store.tree_parts(tmp_path, ["source"])) == first
    (tmp_path / "source" / "a.py").rename(tmp_path / "source" / "b.py")
    assert store.fingerprint(store.tree_parts(tmp_path, ["source"])) != first
