"""How an S3 store is asked: bucket in the path or in the host's name, region and signature, by the artifact Secret or
the operator's settings. A proxy sees what is asked, as no test has a domain with a name for each bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bundle_runtime.artifacts.test_proxy import S3, fetched
from tools.testkit.proxy import Proxy

CONTENT = b"a pickle"
SECRET, SETTING = "AWS_S3_ADDRESSING_STYLE", "MODELBUNDLE_S3_ADDRESSING_STYLE"
IN_PATH, IN_HOST = "http://s3.example/models/a.pkl", "http://models.s3.example/a.pkl"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy(CONTENT)
    yield running
    running.close()


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, IN_PATH),
        ({SECRET: "virtual"}, IN_HOST),
        ({SETTING: "virtual"}, IN_HOST),
        ({SETTING: "virtual", SECRET: "path"}, IN_PATH),
        ({SETTING: "path"}, IN_PATH),
    ],
)
def test_the_bucket_stands_where_it_is_asked_for(
    tmp_path: Path, proxy: Proxy, environment: dict[str, str], asked: str
) -> None:
    done = fetched("s3://models/a.pkl", tmp_path / "a", HTTP_PROXY=proxy.url, **S3, **environment)
    assert done.returncode == 0, done.stderr
    assert proxy.asked == [asked]


@pytest.mark.parametrize("code", ["SecondLevelDomainForbidden", "PathStyleDomainForbidden", "InvalidPathAccess"])
def test_a_store_that_wants_the_other_form_is_not_taken_for_wrong_keys(tmp_path: Path, code: str) -> None:
    proxy = Proxy(CONTENT, refusal=code)
    done = fetched("s3://models/a.pkl", tmp_path / "a", HTTP_PROXY=proxy.url, **S3)
    proxy.close()
    assert f"StoreUnreachable: the store answered 403 {code} for s3://models/a.pkl" in done.stderr
    assert "Set AWS_S3_ADDRESSING_STYLE to virtual in the artifact Secret" in done.stderr


@pytest.mark.parametrize("identity", [True, False])
def test_what_a_refused_pod_without_a_key_was_is_said(tmp_path: Path, identity: bool) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    file = tmp_path / ("credentials" if identity else "none")
    environment = {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_EC2_METADATA_DISABLED": "true"}
    proxy = Proxy(CONTENT, refusal="AccessDenied")
    done = fetched(
        "s3://models/a.pkl", tmp_path / "a", HTTP_PROXY=proxy.url, AWS_ENDPOINT_URL="http://s3.example", **environment
    )
    proxy.close()
    assert "StoreAccessDenied" in done.stderr
    said = "an identity of the pod was used (shared-credentials-file), at http://s3.example: check that it may read"
    without = "no AWS_ACCESS_KEY_ID is set, and the pod has no identity of a cloud"
    assert (said if identity else without) in done.stderr


def test_a_style_that_nobody_knows_is_said(tmp_path: Path) -> None:
    done = fetched("s3://models/a.pkl", tmp_path / "a", **S3, AWS_S3_ADDRESSING_STYLE="host")
    assert "StoreUnreachable: cannot ask the store for s3://models/a.pkl: S3 addressing style host" in done.stderr


@pytest.mark.parametrize(
    ("environment", "region", "signature"),
    [
        ({}, "us-east-1", "s3v4"),
        ({"MODELBUNDLE_S3_REGION": "eu-1"}, "eu-1", "s3v4"),
        ({"MODELBUNDLE_S3_REGION": "eu-1", "AWS_REGION": "eu-2"}, "eu-2", "s3v4"),
        ({"MODELBUNDLE_S3_SIGNATURE_VERSION": "s3"}, "us-east-1", "s3"),
        ({"MODELBUNDLE_S3_SIGNATURE_VERSION": "s3", "AWS_S3_SIGNATURE_VERSION": "s3v4"}, "us-east-1", "s3v4"),
    ],
)
def test_region_and_signature_are_the_secrets_or_the_settings(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], region: str, signature: str
) -> None:
    from bundle_runtime.artifacts.s3_client import client

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {**S3, **environment}.items():
        monkeypatch.setenv(name, value)
    made: Any = client(1).meta
    assert (made.region_name, made.config.signature_version) == (region, signature)
