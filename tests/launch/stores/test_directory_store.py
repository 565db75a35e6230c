"""A directory takes a bundle whole or not at all, once, and says when it cannot."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bundle_runtime.artifacts.fetch import fetch
from launch.errors import StoreError
from launch.stores.artifact import Packed
from launch.stores.artifact_store import store_at

Bundle = Callable[..., Packed]
NOBODY = 65534


@pytest.mark.parametrize("form", ["{}", "{}/", "file://{}", "file://localhost{}"])
def test_a_bundle_lies_under_its_content_and_can_be_served_from_there(
    tmp_path: Path, bundle: Bundle, form: str
) -> None:
    packed, directory = bundle(3_000_000), tmp_path / "my store"
    store = store_at(form.format(str(directory).replace(" ", "%20") if "file:" in form else directory))
    store.check()
    assert not directory.exists()
    assert store.put(packed) is True
    assert store.put(packed) is False
    uri = store.uri_of(packed)
    assert uri == f"file://{tmp_path}/my%20store/{packed.sha256[:2]}/{packed.sha256}.pkl"
    assert fetch(uri, tmp_path / "fetched", allow_local=True).sha256 == packed.sha256
    assert [path.name for path in directory.rglob("*") if path.is_file()] == [f"{packed.sha256}.pkl"]


def test_a_relative_path_is_meant_from_here(tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert store_at("store").uri_of(bundle()).startswith(f"file://{tmp_path}/store/")


def test_a_spoiled_artifact_is_put_again(tmp_path: Path, bundle: Bundle) -> None:
    packed, store = bundle(), store_at(str(tmp_path / "store"))
    store.put(packed)
    lying = tmp_path / "store" / packed.sha256[:2] / f"{packed.sha256}.pkl"
    lying.write_bytes(b"spoiled")
    assert store.put(packed) is True
    assert lying.read_bytes() == packed.path.read_bytes()


def test_a_file_that_changed_since_it_was_packed_is_not_stored(tmp_path: Path, bundle: Bundle) -> None:
    packed, store = bundle(1000), store_at(str(tmp_path / "store"))
    packed.path.write_bytes(b"x" * 1000)
    with pytest.raises(StoreError, match="changed after it was packed"):
        store.put(packed)
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_removing_is_for_what_is_in_the_store(tmp_path: Path, bundle: Bundle) -> None:
    packed, store = bundle(), store_at(str(tmp_path / "store"))
    store.put(packed)
    for elsewhere in (packed.path.as_uri(), f"file://{tmp_path}/store/../{packed.path.name}", "s3://models/a.pkl"):
        with pytest.raises(StoreError, match="nothing was removed"):
            store.remove(elsewhere)
    assert packed.path.exists()
    assert store.remove(store.uri_of(packed)) is True
    assert store.remove(store.uri_of(packed)) is True
    assert store.put(packed) is True


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A directory that this process may not write to; root has to become another user for it."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    try:
        yield directory
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        shutil.rmtree(directory)


def test_a_read_only_directory_is_said(bundle: Bundle, tmp_path: Path, read_only: Path) -> None:
    for place in (read_only, read_only / "below" / "it"):
        with pytest.raises(StoreError, match=f"is read-only for you: {read_only} takes no new file"):
            store_at(str(place)).check()


def test_what_the_disk_refuses_is_said(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"the artifact store /proc/store refuses .*LAUNCH_ARTIFACT_URI"):
        store_at("/proc/store").put(bundle())
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made: .*/file is a file"):
        store_at(str(tmp_path / "file/store")).check()


def test_another_machines_directory_is_refused() -> None:
    with pytest.raises(StoreError, match="names another machine"):
        store_at("file://elsewhere/store")
