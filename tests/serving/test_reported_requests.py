"""Requests that users of other servers reported, sent to one bundle: each is answered, or refused with what to send."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.conftest import serving
from tests.serving.reported_requests import CASES, REPORTED, Asked
from tools.testkit.pair import Pair


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("reported") / "root", REPORTED) as pair:
        yield pair


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_how_it_is_answered(reported: Pair, case: Asked) -> None:
    headers = {"Content-Type": case.content_type}
    if case.content_encoding:
        headers["Content-Encoding"] = case.content_encoding
    answer = reported.call("POST", "/predict", case.body, **headers)
    assert answer.status == case.status, answer.body
    assert case.says in (answer.message if answer.status >= 400 else answer.body.decode())
    assert answer.status < 400 or answer.code == case.code
