"""From an address to a verified artifact: the schemas first, then fetch, prove the sha256, and only then unpack.

Everything is built beside its place and renamed into it, so a run that was cut off leaves nothing that looks finished
and a second run (the kubelet repeats init containers when a pod's sandbox is restarted) ends in the same state.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from bundle_runtime.artifacts.fetch import fetch, hash_file
from bundle_runtime.artifacts.fetched import Fetched
from bundle_runtime.artifacts.retry import DISK_FULL_ERRNOS, disk_full, shown
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import ARTIFACT_DIGEST_MISMATCH, fail
from bundle_runtime.prepare.place import place_runtime
from bundle_runtime.prepare.schemas import check_schemas
from bundle_runtime.prepare.unpack import unpack
from bundle_runtime.prepare.warm_up import check_warm_up
from bundle_spec.document import BundleDocument


@dataclass(frozen=True)
class Prepared:
    bytes: int
    seconds: dict[str, float]


def prepare(
    layout: Layout,
    uri: str,
    document: BundleDocument,
    *,
    allow_local: bool = False,
    warm_up: str = "",
) -> Prepared:
    """Bring the artifact of a checked document into the layout, verified; a RuntimeFailure says why not."""
    check_schemas(document)
    check_warm_up(document, warm_up)
    artifact = document["artifact"]
    pickled = artifact["packaging"] == "cloudpickle"
    place_runtime(layout, with_uv=bool(document.get("requirements")))
    target, partial = Path(layout.artifact_dir), Path(layout.artifact_dir + ".partial")
    _remove(partial)
    kept = _kept_pickle(layout, artifact["sha256"]) if pickled else None
    if kept:
        return Prepared(kept.bytes, kept.seconds)
    _remove(target)
    partial.mkdir(parents=True)
    try:
        file = partial / "bundle.pkl" if pickled else partial / "bundle.zip"
        fetched = fetch(uri, file, allow_local=allow_local)
        _verify(fetched, artifact["sha256"], uri)
        started = time.monotonic()
        if pickled:
            file.chmod(0o644)
            partial.rename(target)
        else:
            unpack(file, partial / "unpacked")
            (partial / "unpacked").rename(target)
        return Prepared(fetched.bytes, {**fetched.seconds, "unpack": time.monotonic() - started})
    except OSError as error:
        if error.errno in DISK_FULL_ERRNOS:
            raise disk_full(partial.parent, error) from error
        raise
    finally:
        _remove(partial)


def _verify(fetched: Fetched, expected: str, uri: str) -> None:
    if fetched.sha256 != expected:
        raise fail(
            ARTIFACT_DIGEST_MISMATCH,
            f"{shown(uri)} has sha256 {fetched.sha256} ({fetched.bytes} bytes), the bundle was made for {expected}: "
            "the object was overwritten or the bundle names another one. None of it was run. Put the old object back, "
            f"or take its sha256 with `modelbundle pin {shown(uri)}` and make a new bundle of it.",
        )


def _kept_pickle(layout: Layout, expected: str) -> Fetched | None:
    """The pickle of an earlier run of this pod, when it still is what the bundle asks for: hashing beats fetching."""
    path = Path(layout.pickle_file)
    if not path.is_file():
        return None
    started = time.monotonic()
    found = hash_file(path)
    if found != expected:
        return None
    return Fetched(path.stat().st_size, found, {"download": 0.0, "verify": time.monotonic() - started, "unpack": 0.0})


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
