"""Libraries start as many threads as the bundle asks for CPUs, unless the image or the bundle says otherwise."""

from __future__ import annotations

import importlib.util
import os

import pytest

from tests.serving.conftest import Served

VARIABLES = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
SOURCE = f"import os\ndef predict():\n    return [os.environ.get(name) for name in {VARIABLES}]\n"


@pytest.mark.parametrize(
    ("environment", "seen"),
    [
        ({}, [None, None, None]),
        ({"MODELBUNDLE_CPUS": "2"}, ["2", "2", "2"]),
        ({"MODELBUNDLE_CPUS": "2", "MKL_NUM_THREADS": "5"}, ["2", "5", "2"]),
        ({"MODELBUNDLE_CPUS": "2", "OMP_NUM_THREADS": "5"}, ["5", None, None]),
    ],
)
def test_the_variables(bundle: Served, environment: dict[str, str], seen: list[str | None]) -> None:
    pair = bundle(SOURCE)
    pair.environment.update(environment)
    assert pair.start().predict().json == seen


@pytest.mark.skipif(
    "WORKER_PYTHON" in os.environ or importlib.util.find_spec("numpy") is None, reason="needs NumPy in the worker"
)
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="with one CPU a library starts one thread anyway")
def test_they_are_there_before_a_library_reads_them(bundle: Served) -> None:
    """OpenBLAS starts its threads when NumPy is imported."""
    source = """
import os

def threads():
    return len(os.listdir("/proc/self/task"))

before = threads()
import numpy
started = threads() - before

def predict():
    return started
"""
    for cpus, started in (("", (os.cpu_count() or 1) - 1), ("1", 0)):
        pair = bundle(source)
        pair.environment["MODELBUNDLE_CPUS"] = cpus
        assert pair.start().predict().json == started
