"""All cases, and those that are the one sample of their row."""

from __future__ import annotations

from tests.bundle_runtime.advice import code_failures, file_failures, hub_failures, pickle_failures
from tests.bundle_runtime.advice.field import installs, servers, stores, versions, weights
from tests.bundle_runtime.advice.reading import Failure
from tests.bundle_runtime.advice.stand_ins import STAND_INS, StandIn

CASES = (*versions.CASES, *servers.CASES, *weights.CASES)
_REAL = (file_failures.FAILURES, pickle_failures.FAILURES, code_failures.FAILURES, hub_failures.FAILURES)
_ELSEWHERE = {one.code for samples in (*_REAL, STAND_INS) for one in samples}
_FIRST = {case.failure.code: case.failure for case in reversed(CASES) if case.failure.code not in _ELSEWHERE}
FAILURES = tuple(one for one in _FIRST.values() if isinstance(one, Failure))
_OF_LOADING = (one for one in _FIRST.values() if isinstance(one, StandIn))
STANDING_IN = (*_OF_LOADING, *installs.STANDING_IN, *stores.STANDING_IN)
