"""What a worker that starts again in its pod finds: its caches, and an empty directory for temporary files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE, Pair, until
from tools.testkit.pythons import python_of

# the model is downloaded unless it is there; each start leaves a file that may not be there at the next one
SOURCE = """
import os, tempfile

def load():
    weights = os.path.expanduser("~/.cache/m/weights")
    if not os.path.exists(weights):
        print("download")
        os.makedirs(os.path.dirname(weights))
        with open(weights, "w") as file:
            file.write("weights")
    os.close(os.open(os.path.join(tempfile.gettempdir(), "scratch"), os.O_CREAT | os.O_EXCL))
    return open(weights).read()

def load_predict_fn(model):
    def predict(name=""):
        return os.environ.get(name) if name else [model, sorted(os.listdir(tempfile.gettempdir()))]
    return predict
"""
LOADING = {"loadModelFn": "predict.load"}


def as_in_a_pod(pair: Pair) -> Path:
    """The directory for temporary files, which outlives the worker as a pod's emptyDir does, and the variables."""
    temporary = pair.root.with_name(f"{pair.root.name}-tmp")
    temporary.mkdir()
    pair.environment.update(
        HOME=f"{temporary}/home",
        XDG_CACHE_HOME=f"{temporary}/home/.cache",
        TMPDIR=str(temporary),
        MODELBUNDLE_CLEAR_TMP="1",
    )
    return temporary


def restart(pair: Pair) -> None:
    pair.kill(pair.worker)
    pair.worker.wait(PATIENCE)
    until(lambda: not pair.ready(), "gone")
    pair.start_worker()
    pair.wait_ready()


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_a_killed_worker_does_not_download_again(bundle: Served, version: str) -> None:
    python = python_of(version)
    pair = bundle(SOURCE, LOADING, python=python)
    as_in_a_pod(pair)
    pair.start()
    for _ in range(3):
        assert pair.predict().json == ["weights", ["home", "scratch"]]
        restart(pair)
    until(lambda: pair.worker_log.count("worker: loaded") == 4, "each start has its line, which comes after ready")
    assert pair.worker_log.count("download\n") == 1


def test_a_new_pod_downloads_again(bundle: Served) -> None:
    for _ in range(2):
        pair = bundle(SOURCE, LOADING)
        as_in_a_pod(pair)
        pair.start()
        assert pair.worker_log.count("download\n") == 1


@pytest.mark.parametrize("set_by_user", [None, "/somewhere"])
def test_compiled_kernels_are_kept_unless_the_user_has_a_place_for_them(
    bundle: Served, set_by_user: str | None
) -> None:
    pair = bundle(SOURCE, LOADING)
    temporary = as_in_a_pod(pair)
    if set_by_user:
        pair.environment["TORCHINDUCTOR_CACHE_DIR"] = set_by_user
    pair.start()
    kept = set_by_user or f"{temporary}/home/.cache/torchinductor"
    assert pair.predict(name="TORCHINDUCTOR_CACHE_DIR").json == kept
