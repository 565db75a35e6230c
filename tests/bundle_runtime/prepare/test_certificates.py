"""An authority of the platform's own, as pods have it: prepare reads from stores that it has signed for, and says what
to do where its file is missing, is something else or holds another authority."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from bundle_runtime.contract.layout import CERTIFICATES_VARIABLE, Layout
from bundle_runtime.prepare.certificates import check_certificates
from tools.testkit.artifact_stores import HttpStore, document_for, running_s3, write_document
from tools.testkit.private_authority import PrivateAuthority

CONTENT = b"a pickle" * 1000
ORIGIN = "ConfigMap company-ca, key ca.crt"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    return PrivateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def https(authority: PrivateAuthority) -> Iterator[dict[str, str]]:
    """A store's environment, and the artifact's address."""
    store = HttpStore(tls=authority.of_a_server())
    store.files["/a.pkl"] = CONTENT
    yield {"uri": f"{store.url}/a.pkl"}
    store.close()


@pytest.fixture(scope="module")
def s3(authority: PrivateAuthority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same of an S3 server that speaks TLS itself."""
    options = ("--cert", str(authority.certificate), "--key", str(authority.key))
    with running_s3(tmp_path_factory.mktemp("s3"), *options) as store:
        client = boto3.client(
            "s3",
            endpoint_url=store["AWS_ENDPOINT_URL"],
            aws_access_key_id=store["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=store["AWS_SECRET_ACCESS_KEY"],
            region_name=store["AWS_REGION"],
            verify=str(authority.file),
        )
        client.put_object(Bucket="models", Key="a.pkl", Body=CONTENT)
        yield {**store, "uri": "s3://models/a.pkl"}


def prepared(layout: Layout, store: dict[str, str], file: Path | None, as_a_pod: bool = True) -> dict[str, Any]:
    """prepare's report; `file` is the certificates that a pod would have mounted."""
    digest = write_document(layout, document_for(CONTENT))
    log = Path(layout.root, "termination-log")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "MODELBUNDLE_ROOT": layout.root,
        "MODELBUNDLE_DIGEST": digest,
        "MODELBUNDLE_TERMINATION_LOG": str(log),
        **{name: value for name, value in store.items() if name != "uri"},
    }
    if file:
        target = Path(layout.certificates_file)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    if as_a_pod:
        trusted = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"), layout.certificates_file)
        environment |= {**trusted, CERTIFICATES_VARIABLE: ORIGIN}
    command = [sys.executable, "-m", "bundle_runtime.prepare", "--uri", store["uri"]]
    subprocess.run(command, env=environment, check=False, timeout=60, capture_output=True)
    return dict(json.loads(log.read_text()))


@pytest.mark.parametrize("kind", ["https", "s3"])
def test_a_store_signed_by_the_platforms_authority_is_read(
    kind: str, layout: Layout, authority: PrivateAuthority, request: pytest.FixtureRequest
) -> None:
    report = prepared(layout, request.getfixturevalue(kind), authority.file)
    assert report["reason"] == "Completed", report


@pytest.mark.parametrize("kind", ["https", "s3"])
def test_without_the_setting_its_name_is_said(kind: str, layout: Layout, request: pytest.FixtureRequest) -> None:
    report = prepared(layout, request.getfixturevalue(kind), None, as_a_pod=False)
    assert report["reason"] == "StoreUnreachable"
    assert "is not trusted" in report["message"]
    assert "the operator's setting caConfigMap names" in report["message"]
    assert "serving.rollout.token" in report["message"]


@pytest.mark.parametrize("kind", ["https", "s3"])
def test_another_authority_than_the_stores_is_named(
    kind: str, layout: Layout, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    report = prepared(layout, request.getfixturevalue(kind), PrivateAuthority(tmp_path).file)
    assert report["reason"] == "StoreUnreachable"
    assert f"The authorities of {ORIGIN} of the bundle's namespace are trusted: add the one" in report["message"]


def test_a_config_map_that_is_not_there_is_named(layout: Layout, https: dict[str, str]) -> None:
    report = prepared(layout, https, None)
    assert report["reason"] == "SecretNotFound"
    assert f"are not there: {ORIGIN}. Create it in the bundle's namespace" in report["message"]


def test_a_file_without_a_certificate_is_named(layout: Layout, https: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text("-----BEGIN PRIVATE KEY-----\n")
    report = prepared(layout, https, tmp_path / "key")
    assert report["reason"] == "StoreUnreachable"
    assert f"{ORIGIN} of the bundle's namespace holds no certificate in PEM form" in report["message"]


def test_outside_a_pod_nothing_is_looked_at(layout: Layout) -> None:
    check_certificates(layout, {})
