"""One artifact, from wherever its URI points, as one file and its sha256."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bundle_runtime.artifacts.claim import fetch_claim
from bundle_runtime.artifacts.fetched import Fetched
from bundle_runtime.artifacts.retry import CHUNK_BYTES, need_room, no_address
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import ARTIFACT_NOT_FOUND, STORE_ACCESS_DENIED, fail


def fetch(uri: str, target: Path, *, allow_local: bool = False) -> Fetched:
    """Write the artifact to target and hash it on the way; a RuntimeFailure says why it could not be had."""
    scheme = urlsplit(uri).scheme.lower()
    if scheme == "s3":
        from bundle_runtime.artifacts.s3 import fetch_s3  # botocore takes a third of a second to import

        return fetch_s3(uri, target)
    if (
        scheme in ("https", "http") and urlsplit(uri).netloc
    ):  # what arrives is proven by its sha256, so plain HTTP risks privacy, not content
        from bundle_runtime.artifacts.https import fetch_https

        return fetch_https(uri, target)
    if scheme == "pvc":
        return fetch_claim(uri, target, Layout.from_environment().claim_dir, _copy)
    if scheme in ("file", ""):
        if not allow_local:
            raise no_address(uri, "is a path, and a pod reads no artifact from a node's disk")
        return _copy(local_path(uri), target)
    raise no_address(uri, "is not an address that an artifact can be fetched from")


def local_path(uri: str) -> Path:
    """Of a file:// URI, or of a path as it is."""
    return Path(unquote(urlsplit(uri).path)) if uri.lower().startswith("file:") else Path(uri)


def hash_file(path: Path) -> str:
    """Its sha256, in hex."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK_BYTES):
            sha256.update(block)
    return sha256.hexdigest()


def _copy(source: Path, target: Path) -> Fetched:
    started = time.monotonic()
    sha256, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as reader, target.open("wb") as writer:
            need_room(target.parent, source.stat().st_size, str(source))
            while block := reader.read(CHUNK_BYTES):
                sha256.update(block)
                size += writer.write(block)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise fail(ARTIFACT_NOT_FOUND, f"there is no file {source}") from error
    except PermissionError as error:
        raise fail(STORE_ACCESS_DENIED, f"may not read {source}: {error.strerror}") from error
    return Fetched(size, sha256.hexdigest(), {"download": time.monotonic() - started, "verify": 0.0})
