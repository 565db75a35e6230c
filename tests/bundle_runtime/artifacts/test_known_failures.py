"""What a store refuses, and what the operator adds to prepare's report: the row of the table that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runtime.advice.row import FETCH
from bundle_runtime.advice.table import advice_for
from tests.bundle_runtime.advice.field.stores import CASES, MENDED, MORE, Refusal
from tests.bundle_runtime.artifacts.test_proxy import S3, fetched
from tools.testkit.proxy import Proxy


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.error)
def test_what_a_store_refuses(tmp_path: Path, case: Refusal) -> None:
    proxy = Proxy(b"a pickle", case.error, status=case.status, message=case.message)
    done = fetched("s3://models/a.pkl", tmp_path / "a", HTTP_PROXY=proxy.url, **S3)
    proxy.close()
    assert f"the store answered {case.status} {case.error} for s3://models/a.pkl" in done.stderr
    said = advice_for(FETCH, done.stderr)
    assert said is not None
    assert said.code == case.code


@pytest.mark.parametrize("endpoint", ["minio.storage:9000", "s3.amazonaws.com", "storage/minio"])
def test_an_endpoint_without_a_scheme_is_said(tmp_path: Path, endpoint: str) -> None:
    done = fetched("s3://models/a.pkl", tmp_path / "a", **{**S3, "AWS_ENDPOINT_URL": endpoint})
    assert f"StoreUnreachable: cannot ask the store for s3://models/a.pkl: the endpoint is {endpoint}" in done.stderr
    assert MENDED[0][3] in done.stderr


def test_line_breaks_around_keys_and_endpoint_are_left_out_and_said(tmp_path: Path) -> None:
    proxy = Proxy(b"a pickle")
    odd = {name: f"{value}\n" for name, value in S3.items()}
    done = fetched("s3://models/a.pkl", tmp_path / "a", HTTP_PROXY=proxy.url, **odd)
    proxy.close()
    assert done.returncode == 0, done.stderr
    assert proxy.asked == ["http://s3.example/models/a.pkl"]
    for name in S3:
        assert f"{name} of the artifact Secret {MENDED[1][3]}" in done.stderr
