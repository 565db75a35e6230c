"""Which variables the worker sets, by what the image and the bundle have set."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from bundle_runtime.worker.load import defaults

OMP, MKL, OPENBLAS = defaults.THREADS


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch):
    def make(variables: Mapping[str, str]) -> None:
        monkeypatch.setattr(os, "environ", dict(variables))

    return make


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ({}, {}),
        ({"MODELBUNDLE_CPUS": ""}, {}),
        ({"MODELBUNDLE_CPUS": "3"}, {OMP: "3", MKL: "3", OPENBLAS: "3"}),
        ({"MODELBUNDLE_CPUS": "3", MKL: "8"}, {OMP: "3", OPENBLAS: "3"}),
        ({"MODELBUNDLE_CPUS": "3", OPENBLAS: "8"}, {OMP: "3", MKL: "3"}),
        # torch takes MKL's number before OpenMP's: 3 there would undo the 8
        ({"MODELBUNDLE_CPUS": "3", OMP: "8"}, {}),
        ({"MODELBUNDLE_CPUS": "3", OMP: ""}, {}),
        ({OMP: "8"}, {}),
    ],
)
def test_threads(environment, before, added):
    environment(before)
    defaults.set_threads()
    assert os.environ == {**before, **added}


@pytest.mark.parametrize(
    ("before", "inductor"),
    [
        ({"HOME": "/tmp/home"}, None),
        ({"HOME": "/tmp/home", "MODELBUNDLE_CLEAR_TMP": "1"}, "/tmp/home/.cache/torchinductor"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/c", "MODELBUNDLE_CLEAR_TMP": "1"}, "/c/torchinductor"),
        ({"HOME": "/h", "TORCHINDUCTOR_CACHE_DIR": "/mine", "MODELBUNDLE_CLEAR_TMP": "1"}, "/mine"),
    ],
)
def test_caches(environment, before, inductor):
    environment(before)
    defaults.set_caches()
    assert os.environ.get("TORCHINDUCTOR_CACHE_DIR") == inductor
