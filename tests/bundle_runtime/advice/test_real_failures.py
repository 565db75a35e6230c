"""Each row that this machine can produce a failure for: a real one, as the worker reports it.

Environments with old packages are made once and kept in the user's cache. `CAPTURE=1` keeps what is said for
docs/how-to/troubleshooting.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from bundle_runtime.advice.row import PAGE, UNPICKLE, WARNING
from bundle_runtime.advice.table import TABLE
from tests.bundle_runtime.advice import code_failures, file_failures, hub_failures, pickle_failures
from tests.bundle_runtime.advice.field import cases
from tests.bundle_runtime.advice.reading import Failure, Said, keep, read

_OWN = (
    *file_failures.FAILURES,
    *pickle_failures.FAILURES,
    *code_failures.FAILURES,
    *hub_failures.FAILURES,
)
FAILURES = {one.code: one for one in _OWN} | {
    f"reported-{case.name}": case.failure for case in cases.CASES if isinstance(case.failure, Failure)
}
PHASES = {row.code: row.phases for row in TABLE}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("failures")


@pytest.fixture(scope="module")
def reading(request: pytest.FixtureRequest, root: Path) -> Iterator[dict[str, Future[Said]]]:
    """By their codes those that are tested, two at a time: each is the start of a process or two."""
    tested = {item.name for item in request.session.items if item.path == request.path}
    with ThreadPoolExecutor(2) as pool:
        yield {
            name: pool.submit(read, one, root / name)
            for name, one in FAILURES.items()
            if f"{test_what_is_said.__name__}[{name}]" in tested
        }


@pytest.mark.parametrize("name", FAILURES)
def test_what_is_said(name: str, reading: dict[str, Future[Said]], root: Path) -> None:
    failure, said = FAILURES[name], reading[name].result()
    text = said.log if failure.in_log else said.message
    assert f"[{PAGE}#{failure.code}]" in text, text
    for words in failure.says:
        assert words in text
    if not failure.in_log:
        assert said.reason == (failure.reason or ("LoadFailed" if failure.zip else "UnpickleFailed"))
        assert said.message.endswith(f"#{failure.code}]"), "the last words are kept wherever a message is cut"
        assert said.speaking == [failure.code], "one row alone"
    assert {UNPICKLE, WARNING} & set(PHASES[failure.code]) or failure.zip or failure.reason
    if os.environ.get("CAPTURE") and (name == failure.code or failure in cases.FAILURES):
        keep(failure, said, root / name)
