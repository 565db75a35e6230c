"""The cgroups of a cluster, which come and go with its pods."""

from __future__ import annotations

import contextlib
import itertools
import threading
from pathlib import Path

from tools.local_cluster.cgroups import below


def test_a_folder_comes_after_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "pods" / "one").mkdir(parents=True)
    assert list(below(tmp_path)) == [tmp_path / "pods" / "one", tmp_path / "pods", tmp_path]


def test_there_may_be_none(tmp_path: Path) -> None:
    assert list(below(tmp_path / "gone")) == []


def test_folders_that_go_meanwhile_are_passed_over(tmp_path: Path) -> None:
    over = threading.Event()

    def come_and_go() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            pod = tmp_path / f"pod{number}"
            (pod / "container").mkdir(parents=True)
            with contextlib.suppress(OSError):
                (pod / "container").rmdir()
                pod.rmdir()

    pods = threading.Thread(target=come_and_go)
    pods.start()
    try:
        assert all(tmp_path in list(below(tmp_path)) for _ in range(2000))
    finally:
        over.set()
        pods.join()
