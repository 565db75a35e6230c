"""What a real API server and a real artifact store refuse: rights, tokens, quota, credentials, buckets.

Each error says what to do, and nothing is uploaded or created.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config

from launch import LaunchClient
from launch.errors import APIError, BundleFailedError, StoreError
from tests.launch.bad_calls import GOOD
from tools.testkit.kubectl import apply, get, kubectl, list_all, wait_for
from tools.testkit.place import Place
from tools.testkit.store import Store

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

PYTHON_IMAGE = {"framework_type": "custom_base_image", "ecr_repo": "docker.io/stand-in/python", "image_tag": "3.12"}


@dataclass(frozen=True)
class Cluster:
    namespace: str
    bucket: str
    s3: Any

    def left(self) -> list[str]:
        bundles = [f"bundle {found['metadata']['name']}" for found in list_all("modelbundle", self.namespace)]
        return bundles + self.artifacts()

    def artifacts(self) -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]


@pytest.fixture(scope="module")
def namespace(operator: object, make_namespace: Callable[..., str]) -> str:
    return make_namespace("refusals")


@pytest.fixture
def cluster(namespace: str, place: Place, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A bucket of each test's own, so that one object in it is one too many."""
    s3 = boto3.client(
        "s3",
        endpoint_url=place.s3_endpoint,
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    bucket = f"refusals-{os.getpid()}"
    if bucket not in [found["Name"] for found in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket)
    for name, value in {
        "LAUNCH_NAMESPACE": namespace,
        "LAUNCH_ARTIFACT_URI": f"s3://{bucket}/artifacts",
        "AWS_ENDPOINT_URL": place.s3_endpoint,
        "AWS_ACCESS_KEY_ID": place.access_key,
        "AWS_SECRET_ACCESS_KEY": place.secret_key,
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    cluster = Cluster(namespace, bucket, s3)
    yield cluster
    kubectl("delete", "modelbundle", "--all", "--wait=false", namespace=namespace)
    for key in cluster.artifacts():
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)


@pytest.fixture
def token_of(namespace: str) -> Callable[[str], str]:
    """The token of a new ServiceAccount, which may do nothing."""

    def make(account: str) -> str:
        kubectl("create", "serviceaccount", account, namespace=namespace)
        return kubectl("create", "token", account, namespace=namespace).strip()

    return make


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The URL of the API server, for LaunchClient(endpoint=...); SSL_CERT_FILE names its certificate authority."""
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"].split(os.pathsep)[0]).read_text())
    context = next(item["context"] for item in config["contexts"] if item["name"] == config["current-context"])
    known = next(item["cluster"] for item in config["clusters"] if item["name"] == context["cluster"])
    authority = tmp_path / "ca.crt"
    if "certificate-authority-data" in known:
        authority.write_bytes(base64.b64decode(known["certificate-authority-data"]))
    else:
        authority.write_bytes(Path(known["certificate-authority"]).read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    return str(known["server"])


def test_without_the_right_to_create_nothing_is_uploaded(
    cluster: Cluster, server: str, token_of: Callable[[str], str]
) -> None:
    client = LaunchClient(api_key=token_of("nobody"), endpoint=server)
    with pytest.raises(APIError) as raised:
        client.create_model_bundle(**GOOD)
    assert raised.value.status == 403
    assert f"system:serviceaccount:{cluster.namespace}:nobody" in str(raised.value)
    assert "rolebinding" in str(raised.value)
    assert cluster.left() == []


def test_an_api_key_takes_the_place_of_the_kubeconfigs_credentials(
    cluster: Cluster, token_of: Callable[[str], str]
) -> None:
    """The kubeconfig's user may do everything, by a certificate too: who gave a token acts as the token's user."""
    client = LaunchClient(api_key=token_of("instead"))
    with pytest.raises(APIError) as raised:
        client.list_model_bundles()
    assert raised.value.status == 403
    assert f"system:serviceaccount:{cluster.namespace}:instead" in str(raised.value)


def test_a_token_that_has_ended_is_told(cluster: Cluster, server: str, token_of: Callable[[str], str]) -> None:
    token = token_of("gone")
    kubectl("delete", "serviceaccount", "gone", namespace=cluster.namespace)
    client = LaunchClient(api_key=token, endpoint=server)

    def refused() -> APIError | None:
        try:
            client.create_model_bundle(**GOOD)
        except APIError as error:
            return error if error.status == 401 else None
        return None

    error = wait_for("the token's end", refused, 60)  # the API server keeps what it knows of tokens for 10 s
    assert "expired" in str(error)
    assert "api_key" in str(error)
    assert token not in str(error)
    assert cluster.left() == []


def test_a_quota_is_told_before_the_upload(cluster: Cluster) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "bundles"},
        "spec": {"hard": {"count/modelbundles.modelbundle.dev": "0"}},
    }

    def used() -> Any:
        return (get("resourcequota", "bundles", cluster.namespace) or {})["status"]["used"]

    def counted() -> Any:
        """Made again each time: one that is older than the cluster's count of our kind is left alone for minutes."""
        apply(quota, namespace=cluster.namespace)
        try:
            return wait_for("its count", used, 10)
        except TimeoutError:
            kubectl("delete", "resourcequota", "bundles", namespace=cluster.namespace)
            return None

    try:
        wait_for("the quota to be counted", counted, 240)
        with pytest.raises(APIError) as raised:
            LaunchClient(api_key=None).create_model_bundle(**GOOD)
        assert raised.value.status == 403
        assert "exceeded quota: bundles" in str(raised.value)
        assert cluster.left() == []
    finally:
        kubectl("delete", "resourcequota", "bundles", "--ignore-not-found", namespace=cluster.namespace)


def test_a_namespace_that_is_not_there_is_told(cluster: Cluster) -> None:
    with pytest.raises(APIError) as raised:
        LaunchClient(api_key=None, namespace="no-such-namespace").create_model_bundle(**GOOD)
    assert raised.value.status == 404
    assert "no-such-namespace" in str(raised.value)
    assert cluster.left() == []


def test_a_bucket_that_is_not_there_is_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAUNCH_ARTIFACT_URI", "s3://no-such-bucket/artifacts")
    with pytest.raises(StoreError, match="no-such-bucket") as raised:
        LaunchClient(api_key=None).create_model_bundle(**GOOD)
    assert "LAUNCH_ARTIFACT_URI" in str(raised.value)
    assert cluster.left() == []


def test_wrong_credentials_of_the_store_are_told(
    cluster: Cluster, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StoreError) as raised:
        LaunchClient(api_key=None).create_model_bundle(**GOOD)
    assert "AWS_SECRET_ACCESS_KEY" in str(raised.value)
    assert place.secret_key not in str(raised.value)
    assert cluster.left() == []


def test_a_store_that_does_not_answer_is_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9"):
        LaunchClient(api_key=None).create_model_bundle(**GOOD)
    assert cluster.left() == []


def test_an_artifact_that_was_changed_is_never_served(cluster: Cluster) -> None:
    bundle = LaunchClient(api_key=None).create_model_bundle(**{**GOOD, "env_params": PYTHON_IMAGE})
    (key,) = cluster.artifacts()
    cluster.s3.put_object(Bucket=cluster.bucket, Key=key, Body=b"changed")
    bundle.deploy(gpus=0, cpus="20m", memory="256Mi")
    with pytest.raises(BundleFailedError, match="ArtifactDigestMismatch"):
        bundle.wait(timeout=240)
