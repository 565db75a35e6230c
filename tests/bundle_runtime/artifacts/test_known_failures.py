"""What a store refuses, and what the operator adds to prepare's report: the row of the table that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runtime.advice.row import FETCH
from bundle_runtime.advice.table import advice_for
from bundle_runtime.artifacts import retry
from bundle_runtime.artifacts.fetch import fetch
from bundle_runtime.contract.report import RuntimeFailure
from tests.bundle_runtime.advice.field.stores import CASES, MENDED, MORE, Refusal
from tools.testkit.proxy import Proxy

URI = "s3://models/a.pkl"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.01)
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.error)
def test_what_a_store_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Refusal) -> None:
    store = Proxy(b"a pickle", case.error, status=case.status, message=case.message)
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
    with pytest.raises(RuntimeFailure) as failure:
        fetch(URI, tmp_path / "a")
    store.close()
    assert f"the store answered {case.status} {case.error} for {URI}" in failure.value.message
    said = advice_for(FETCH, failure.value.message)
    assert said is not None
    assert said.code == case.code


@pytest.mark.parametrize("endpoint", ["minio.storage:9000", "s3.amazonaws.com", "storage/minio"])
def test_an_endpoint_without_a_scheme_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(RuntimeFailure) as failure:
        fetch(URI, tmp_path / "a")
    assert failure.value.reason == "StoreUnreachable"
    assert f"cannot ask the store for {URI}: the endpoint is {endpoint}" in failure.value.message
    assert MENDED[0][3] in failure.value.message


def test_line_breaks_around_keys_and_endpoint_are_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Proxy(b"a pickle")
    odd = {"AWS_ENDPOINT_URL": store.url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    for name, value in odd.items():
        monkeypatch.setenv(name, f"{value}\n")
    fetch(URI, tmp_path / "a")
    store.close()
    assert store.asked == ["/models/a.pkl"]
    assert (tmp_path / "a").read_bytes() == b"a pickle"
    said = capsys.readouterr().err
    for name in odd:
        assert f"{name} of the artifact Secret {MENDED[1][3]}" in said
