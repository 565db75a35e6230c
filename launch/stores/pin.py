"""The sha256 of an artifact wherever it lies, streamed: nothing is kept on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Callable, Iterator, Tuple
from urllib.parse import urlsplit

CHUNK = 1 << 20
SCHEMES = ("s3", "http", "https", "file")


def pin(uri: str, progress: Callable[[int], None] = lambda _: None) -> Tuple[str, int]:
    """sha256 and size; a RuntimeFailure of bundle_runtime.contract.report says why the artifact cannot be read."""
    sha256, size = hashlib.sha256(), 0
    for block in _blocks(uri):
        sha256.update(block)
        size += len(block)
        progress(size)
    return sha256.hexdigest(), size


def _blocks(uri: str) -> Iterator[bytes]:
    scheme = urlsplit(uri).scheme.lower()
    if scheme == "s3":
        return _s3(uri)
    if scheme in ("http", "https"):
        return _http(uri)
    return _file(uri)


def _s3(uri: str) -> Iterator[bytes]:
    from bundle_runtime.artifacts.retry import retried
    from bundle_runtime.artifacts.s3 import bucket_and_key, store_errors
    from bundle_runtime.artifacts.s3_client import client

    bucket, key = bucket_and_key(uri)
    s3 = client(1)

    def opened() -> Iterator[bytes]:
        with store_errors(uri):
            return s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK)

    chunks = retried(opened)
    with store_errors(uri):
        yield from chunks


def _http(uri: str) -> Iterator[bytes]:
    from bundle_runtime.artifacts.https import open_https
    from bundle_runtime.artifacts.retry import retried

    with retried(lambda: open_https(uri)) as answer:
        expected, size = int(answer.headers.get("Content-Length") or 0), 0
        while block := answer.read(CHUNK):
            size += len(block)
            yield block
    if expected and size != expected:
        raise OSError(f"the answer ended after {size} of {expected} bytes")


def _file(uri: str) -> Iterator[bytes]:
    from bundle_runtime.artifacts.fetch import local_path

    with Path(local_path(uri)).open("rb") as file:
        while block := file.read(CHUNK):
            yield block
