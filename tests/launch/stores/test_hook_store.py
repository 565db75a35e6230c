"""The original's hooks: asked once for the place of each file, given the bytes, both or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from launch.errors import InvalidBundleError, WrongTypeError
from launch.stores.artifact import Packed
from launch.stores.artifact_store import HookStore

Bundle = Callable[..., Packed]


def test_each_file_gets_one_place_and_its_bytes_go_there(bundle: Bundle) -> None:
    stored: dict[str, bytes] = {}
    places = iter(["s3://mine/1", "s3://mine/2"])
    store = HookStore(lambda content, url: stored.update({url: content}), lambda: next(places))
    store.check()
    one, two = bundle(1000, 1), bundle(1000, 2)
    assert [store.uri_of(one), store.uri_of(two), store.uri_of(one)] == ["s3://mine/1", "s3://mine/2", "s3://mine/1"]
    assert store.put(two) is True
    assert store.put(one) is True
    assert stored == {"s3://mine/1": one.path.read_bytes(), "s3://mine/2": two.path.read_bytes()}
    assert store.remove("s3://mine/1") is False


@pytest.mark.parametrize(
    ("upload", "location", "missing"),
    [
        (None, lambda: "s3://mine/1", "register_upload_bundle_fn"),
        (lambda content, url: None, None, "register_bundle_location_fn"),
    ],
)
def test_one_hook_without_the_other_is_named(upload: Any, location: Any, missing: str) -> None:
    with pytest.raises(InvalidBundleError, match=f"call {missing} too"):
        HookStore(upload, location)


@pytest.mark.parametrize("said", [None, "", b"s3://mine/1", 7])
def test_a_place_that_is_no_url_is_refused_before_the_upload(bundle: Bundle, said: Any) -> None:
    uploads: list[str] = []
    store = HookStore(lambda content, url: uploads.append(url), lambda: said)
    with pytest.raises(WrongTypeError, match="has to return the URL"):
        store.put(bundle())
    assert uploads == []


def test_what_the_users_function_raises_is_the_users(bundle: Bundle) -> None:
    def refuse(content: bytes, url: str) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        HookStore(refuse, lambda: "s3://mine/1").put(bundle())
