"""Bundles go to a real S3 server once, whole and under the name of their content; what it refuses is said."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from launch.errors import StoreError
from launch.stores import s3_store, s3_upload
from launch.stores.artifact import Packed
from launch.stores.artifact_store import store_at

if TYPE_CHECKING:
    from tests.launch.stores.conftest import S3

MIB = 1 << 20
Bundle = Callable[..., Packed]


@pytest.mark.parametrize("size", [0, 1000, 16 * MIB, 16 * MIB + 1, 40 * MIB])
def test_a_bundle_arrives_whole_and_once(s3: S3, bundle: Bundle, size: int) -> None:
    packed, store = bundle(size), store_at("s3://models/team/bundles")
    store.check()
    assert store.put(packed) is True
    uri = store.uri_of(packed)
    assert uri == f"s3://models/team/bundles/{packed.sha256[:2]}/{packed.sha256}.pkl"
    assert s3.read(uri) == packed.path.read_bytes()
    assert s3.metadata(uri) == {"sha256": packed.sha256}
    asked = s3.asked("PutObject"), s3.asked("UploadPart")
    assert store.put(packed) is False
    assert (s3.asked("PutObject"), s3.asked("UploadPart")) == asked
    assert s3.unfinished(uri) == []


def test_the_address_is_made_of_the_content(bundle: Bundle) -> None:
    one, same, other = bundle(1000, "a"), bundle(1000, "a"), bundle(1000, "b")
    store = store_at("s3://models")
    assert store.uri_of(one) == store.uri_of(same) == f"s3://models/{one.sha256[:2]}/{one.sha256}.pkl"
    assert store.uri_of(other) != store.uri_of(one)
    assert store.uri_of(bundle(1000, "a", "zip")).endswith(f"{one.sha256}.zip")
    assert store_at("s3://models/a/b/").uri_of(one).startswith("s3://models/a/b/")


def test_another_object_under_the_name_is_replaced(s3: S3, bundle: Bundle) -> None:
    packed, store = bundle(1000, "replaced"), store_at("s3://models")
    uri = store.uri_of(packed)
    s3.client.put_object(Bucket="models", Key=uri.removeprefix("s3://models/"), Body=b"x" * 1000)
    assert store.put(packed) is True
    assert s3.read(uri) == packed.path.read_bytes()


def test_the_size_of_an_object_is_asked_alone(s3: S3, monkeypatch: pytest.MonkeyPatch, bundle: Bundle) -> None:
    packed, store = bundle(1000, "sized"), s3_store.S3Store("s3://models")
    uri = store.uri_of(packed)
    assert store.size(uri) is None
    store.put(packed)
    assert store.size(uri) == 1000
    empty = bundle(0, "empty")
    store.put(empty)
    assert store.size(store.uri_of(empty)) == 0
    assert s3_store.S3Store("s3://nowhere").size("s3://nowhere/a") is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    with pytest.raises(
        StoreError, match=r"answered 40[34] XAdminUserNotFound for s3://models/.*; the access key nobo\.\.\. was used"
    ):
        s3_store.S3Store("s3://models").size(uri)


def test_removing_is_for_what_is_in_the_store(s3: S3, bundle: Bundle) -> None:
    packed, store = bundle(1000, "removed"), store_at("s3://models/mine")
    store.put(packed)
    uri = store.uri_of(packed)
    with pytest.raises(StoreError, match="not in the artifact store s3://models/yours/; nothing was removed"):
        store_at("s3://models/yours").remove(uri)
    assert s3.read(uri)
    assert store.remove(uri) is True
    assert store.remove(uri) is True  # it may have gone meanwhile
    with pytest.raises(s3.client.exceptions.NoSuchKey):
        s3.read(uri)


def test_check_leaves_nothing_in_the_bucket(s3: S3) -> None:
    store_at("s3://models/checked").check()
    assert "Contents" not in s3.client.list_objects_v2(Bucket="models", Prefix="checked")
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket="models", Prefix="checked")


NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_EC2_METADATA_DISABLED": "true"}
REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "wrong secret": ("models", {"AWS_SECRET_ACCESS_KEY": "wrongsecret"}, "SignatureDoesNotMatch.* the access key test"),
    "unknown key": ("models", {"AWS_ACCESS_KEY_ID": "nobody"}, r"the access key nobo\.\.\. was used \(found by: env\)"),
    "no keys": ("models", NO_KEYS, "no credentials .*set AWS_ACCESS_KEY_ID"),
    "half the keys": ("models", {"AWS_SECRET_ACCESS_KEY": None}, "Partial credentials .*set AWS_ACCESS_KEY_ID"),
    "no such profile": ("models", {"AWS_PROFILE": "nobody"}, "profile .*nobody.* could not be found.*AWS_PROFILE"),
    "no bucket": ("nowhere", {}, "404 NoSuchBucket .*: create the bucket nowhere, or correct LAUNCH_ARTIFACT_URI"),
    "no bucket's name": ("x_", {}, "correct LAUNCH_ARTIFACT_URI"),
    "no URL": ("models", {"AWS_ENDPOINT_URL": "localhost"}, "the endpoint is localhost: write it with http://"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_what_to_do(s3: S3, monkeypatch: pytest.MonkeyPatch, bundle: Bundle, case: str) -> None:
    bucket, environment, said = REFUSALS[case]
    for name, value in environment.items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    for act in (lambda store: store.check(), lambda store: store.put(bundle(20 * MIB, case))):
        with pytest.raises(StoreError, match=said) as refusal:
            act(store_at(f"s3://{bucket}/refused"))
        assert "testersecret" not in str(refusal.value)
        assert "wrongsecret" not in str(refusal.value)
        if case == "no keys":
            break  # put asks without signing: a public bucket would take it
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket="models", Prefix="refused")


def test_no_server_is_said_and_not_waited_for(monkeypatch: pytest.MonkeyPatch, s3: S3) -> None:
    monkeypatch.setattr(s3_store, "ATTEMPTS", 2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(StoreError, match=r"s3://models/ cannot be reached: .*AWS_ENDPOINT_URL"):
            store_at("s3://models").check()


def test_a_file_that_changed_since_it_was_packed_is_not_stored(s3: S3, bundle: Bundle) -> None:
    packed, store = bundle(1000, "changed"), store_at("s3://models")
    packed.path.write_bytes(b"short")
    with pytest.raises(StoreError, match="had 1000 bytes when it was packed and has 5 now"):
        store.put(packed)
    packed.path.unlink()
    with pytest.raises(StoreError, match=r"cannot read the packed bundle .*: No such file"):
        store.put(packed)


def test_given_endpoint_and_region_win_over_the_environment(
    s3: S3, monkeypatch: pytest.MonkeyPatch, bundle: Bundle
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    store = store_at("s3://models", endpoint_url=s3.environment["AWS_ENDPOINT_URL"], region="us-east-1")
    assert store.put(bundle(1000, "given")) is True


@pytest.mark.parametrize(
    "uri", ["", " ", "s3://", "s3:///prefix", "s3:models", "gs://models", "https://models.example.com", "file:models"]
)
def test_what_is_no_store_is_refused(uri: str) -> None:
    with pytest.raises(StoreError, match=r"s3://BUCKET/PREFIX|file:///DIRECTORY"):
        store_at(uri)


@pytest.mark.parametrize(
    ("size", "part", "count"),
    [
        (1, 16 * MIB, 1),
        (16 * MIB, 16 * MIB, 1),
        (16 * MIB + 1, 16 * MIB, 2),
        (10_000 * 16 * MIB, 16 * MIB, 10_000),
        (10_000 * 16 * MIB + 1, 17 * MIB, 9_412),
        (5 << 40, 525 * MIB, 9_987),
    ],
)
def test_parts_are_equal_and_as_many_as_s3_takes(size: int, part: int, count: int) -> None:
    parts = s3_upload.parts_of(size)
    assert (parts[0].size, len(parts)) == (min(part, size), count)
    assert {p.size for p in parts[:-1]} <= {part}
    assert [p.number for p in parts] == list(range(1, count + 1))
    assert parts[-1].start + parts[-1].size == size
