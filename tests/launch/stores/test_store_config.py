"""The environment's store wins over the published one; with neither the error names both ways."""

from __future__ import annotations

from typing import Any

import pytest

from launch.errors import StoreError
from launch.stores.published_store import Published
from launch.stores.s3_store import S3Store
from launch.stores.store_config import store_of

PUBLISHED = Published("s3://team/bundles", "http://published:9000", "eu-west-1")
ENVIRONMENT = (
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
    "AWS_S3_ADDRESSING_STYLE",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "published", "uri", "endpoint", "region"),
    [
        ({}, PUBLISHED, "s3://team/bundles/", "http://published:9000", "eu-west-1"),
        ({"LAUNCH_ARTIFACT_URI": ""}, PUBLISHED, "s3://team/bundles/", "http://published:9000", "eu-west-1"),
        ({"AWS_ENDPOINT_URL": "http://mine:1"}, PUBLISHED, "s3://team/bundles/", "http://mine:1", "eu-west-1"),
        (
            {"AWS_ENDPOINT_URL": "http://mine:1", "AWS_ENDPOINT_URL_S3": "http://mine:2", "AWS_REGION": "us-west-2"},
            PUBLISHED, "s3://team/bundles/", "http://mine:2", "us-west-2",
        ),
        ({"LAUNCH_ARTIFACT_URI": "s3://mine"}, PUBLISHED, "s3://mine/", "https://s3.amazonaws.com", "us-east-1"),
        (
            {"LAUNCH_ARTIFACT_URI": "s3://mine/a", "AWS_ENDPOINT_URL": "http://mine:1"},
            None, "s3://mine/a/", "http://mine:1", "us-east-1",
        ),
    ],
)  # fmt: skip
def test_which_store(environment: dict, published: Published | None, uri: str, endpoint: str, region: str) -> None:
    store = store_of(environment, published)
    assert isinstance(store, S3Store)
    assert (store.uri, store._s3.meta.endpoint_url, store._s3.meta.region_name) == (uri, endpoint, region)


def test_without_a_store_both_ways_are_named() -> None:
    with pytest.raises(
        StoreError, match=r"LAUNCH_ARTIFACT_URI.*AWS_ENDPOINT_URL.*client\.artifactUri.*modelbundle-client"
    ):
        store_of({}, None)


@pytest.mark.parametrize(
    ("environment", "published", "style"),
    [
        ({}, PUBLISHED, "path"),
        ({}, PUBLISHED._replace(style="virtual"), "virtual"),
        ({"AWS_S3_ADDRESSING_STYLE": "auto"}, PUBLISHED._replace(style="virtual"), "auto"),
    ],
)
def test_which_form_of_address(environment: dict, published: Published, style: str) -> None:
    store = store_of(environment, published)
    assert isinstance(store, S3Store)
    config: Any = store._s3.meta.config
    assert config.s3["addressing_style"] == style
