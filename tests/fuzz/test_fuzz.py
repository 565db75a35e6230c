"""Each fuzzer for a few seconds, on the same inputs each time, and every seed: so that none of them rots."""

from __future__ import annotations

import gc

import pytest

from bundle_runtime.server.server import Server
from tests.fuzz.mutations import run
from tests.fuzz.targets import TARGETS

EXAMPLES = 400


@pytest.mark.parametrize("name", TARGETS)
def test_no_seed_breaks_anything_and_no_server_that_is_over_is_held(name: str) -> None:
    """Else ten minutes of inputs end for want of memory."""
    for data in TARGETS[name].seeds:
        TARGETS[name].check(data)
    gc.collect()
    # by type: isinstance() asks the object too, and a dead weak reference of some other test raises then
    assert sum(type(each) is Server for each in gc.get_objects()) <= 3  # what a cache of one keeps


@pytest.mark.parametrize("name", TARGETS)
def test_no_mutation_breaks_anything(name: str) -> None:
    run(TARGETS[name].check, TARGETS[name].seeds, number=7, examples=EXAMPLES)
