"""Each fuzzer for a few seconds, on the same inputs each time, and every seed: so that none of them rots."""

from __future__ import annotations

import pytest

from tests.fuzz.mutations import run
from tests.fuzz.targets import TARGETS

EXAMPLES = 400


@pytest.mark.parametrize("name", TARGETS)
def test_no_seed_breaks_anything(name: str) -> None:
    for data in TARGETS[name].seeds:
        TARGETS[name].check(data)


@pytest.mark.parametrize("name", TARGETS)
def test_no_mutation_breaks_anything(name: str) -> None:
    run(TARGETS[name].check, TARGETS[name].seeds, number=7, examples=EXAMPLES)
