"""`doctor --secret-keys` against a real S3 server: the keys of the pods' Secret, and never the caller's."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import Result

from tests.launch.doctor.test_collect import answering, checks, doctor  # noqa: F401
from tests.launch.world import World
from tools.testkit.artifact_stores import running_s3
from tools.testkit.unwritable_store import UnwritableStore, refuse

Doctor = Callable[..., Result]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with running_s3(tmp_path_factory.mktemp("s3")) as environment:
        yield environment


@pytest.fixture
def tried(
    world: World,
    doctor: Doctor,  # noqa: F811
    s3: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., dict[str, Any]]:
    """What the check says where the Secret has these keys, or where the API server answers so."""
    for name, value in {**s3, "LAUNCH_ARTIFACT_URI": "s3://models/bundles"}.items():
        monkeypatch.setenv(name, value)

    def find(keys: dict[str, str], answer: tuple[int, Any] | None = None) -> dict[str, Any]:
        data = {name: base64.b64encode(value.encode()).decode() for name, value in keys.items()}
        answering(world, keys=answer or (200, {"data": data}))
        result = doctor("-o", "json", "--only", "store", "--secret-keys")
        assert s3["AWS_SECRET_ACCESS_KEY"] not in result.output
        return checks(result)["layers"]

    return find


def test_keys_that_may_write_are_fine_and_leave_nothing(tried: Callable[..., dict[str, Any]], s3: Any) -> None:
    found = tried(s3)
    assert (found["answer"], found["says"]) == ("yes", "the keys of the Secret keys may write below layers/")


def test_keys_that_may_only_read_are_named_with_what_to_allow(tried: Callable[..., dict[str, Any]], s3: Any) -> None:
    between = UnwritableStore(urlsplit(s3["AWS_ENDPOINT_URL"]).netloc, refuse)
    try:
        found = tried({**s3, "AWS_ENDPOINT_URL": between.url})
    finally:
        between.close()
    assert (found["answer"], found["optional"]) == ("no", True)
    assert "the store answered 403 AccessDenied to a write of s3://models/bundles/layers/" in found["says"]
    assert "s3:PutObject" in found["change"]
    assert len(between.writes) == 1


@pytest.mark.parametrize(
    ("keys", "answer", "says"),
    [
        ({}, (404, {"message": "not found"}), "there is no Secret keys"),
        ({}, (403, {"kind": "Status", "code": 403, "message": "forbidden"}), "you may not read the Secret keys"),
        ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, None,
         "the store cannot be asked from here"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_unknown(
    tried: Callable[..., dict[str, Any]], keys: dict[str, str], answer: Any, says: str
) -> None:
    found = tried(keys, answer)
    assert found["answer"] == "unknown"
    assert says in found["says"]


def test_a_secret_without_keys_is_not_helped_out_by_the_callers(
    tried: Callable[..., dict[str, Any]], s3: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "credentials"
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    own.write_text("[default]\n" + "".join(f"{name.lower()} = {s3[name]}\n" for name in names))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(own))
    found = tried({"AWS_ENDPOINT_URL": s3["AWS_ENDPOINT_URL"]})
    assert found["answer"] == "no"
    assert "it has no AWS_ACCESS_KEY_ID" in found["says"]


def test_the_secret_is_read_only_where_that_is_asked_for(world: World, doctor: Doctor) -> None:  # noqa: F811
    answering(world)
    assert "layers" not in checks(doctor("-o", "json", "--only", "store"))
