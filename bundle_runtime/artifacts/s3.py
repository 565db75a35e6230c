"""An artifact from S3: ranges in parallel, each written straight to its place in the file, hashed in order behind them.

One S3 connection carries at most 5 Gb/s, so a large pickle needs ranges; SHA-256 cannot be split, so it follows the
parts as they arrive, out of the page cache. Every range names the object's ETag: an object that is overwritten
meanwhile starts the download again and never mixes two versions.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, SSLError
from botocore.response import StreamingBody

from bundle_runtime.artifacts.fetched import Fetched
from bundle_runtime.artifacts.retry import (
    CHUNK_BYTES,
    TransientError,
    by_proxy,
    need_room,
    no_address,
    private_authority,
    reach,
    retried,
    shown,
    unreachable,
)
from bundle_runtime.artifacts.s3_client import client, describe_access, endpoint, tidy_environment
from bundle_runtime.artifacts.s3_errors import BROKEN, Cause, cause, code_of, status_of, wants_virtual
from bundle_runtime.contract.report import (
    ARTIFACT_DIGEST_MISMATCH,
    ARTIFACT_NOT_FOUND,
    STORE_ACCESS_DENIED,
    STORE_UNREACHABLE,
    RuntimeFailure,
    fail,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

PART_BYTES = 32 << 20
PARALLEL_PARTS = 8
OVERWRITTEN_TRIES = 3


def fetch_s3(uri: str, target: Path, expected: int | None = None) -> Fetched:
    """Write the artifact to target and hash it on the way; a RuntimeFailure says why it could not be had. An object of
    another size than is expected is not read further than its first part."""
    bucket, key = bucket_and_key(uri)
    for name in tidy_environment():
        said = f"{name} of the artifact Secret has a blank or a line break at an end: it is left out"
        print(said, file=sys.stderr, flush=True)
    with store_errors(uri):
        s3 = client(PARALLEL_PARTS)
    download = _Download(s3, uri, bucket, key, target, expected)
    for _ in range(OVERWRITTEN_TRIES):
        try:
            return download.run()
        except _OverwrittenError:
            print(f"{shown(uri)} was overwritten while it was read; starting again", file=sys.stderr, flush=True)
    raise fail(STORE_UNREACHABLE, f"{shown(uri)} was overwritten while it was read, {OVERWRITTEN_TRIES} times")


class _OverwrittenError(Exception):
    """The ETag is another one now: no part of the download can be kept."""


class _Download:
    """One object on its way; it holds the ETag that all its parts must have."""

    def __init__(self, s3: S3Client, uri: str, bucket: str, key: str, target: Path, expected: int | None) -> None:
        self.s3, self.uri, self.bucket, self.key, self.target = s3, uri, bucket, key, target
        self.expected = expected
        self.etag = ""
        self.last_byte_at = 0.0

    def run(self) -> Fetched:
        started = time.monotonic()
        self.etag = ""
        first = retried(lambda: self._get(0, PART_BYTES))
        if first is None:
            self.target.write_bytes(b"")
            return Fetched(0, hashlib.sha256().hexdigest(), {"download": time.monotonic() - started, "verify": 0.0})
        self.etag = first.get("ETag", "")  # a store may have none: the sha256 tells a mixture too
        size = int(first["ContentRange"].rpartition("/")[2])
        if self.expected is not None and size != self.expected:
            first["Body"].close()
            raise fail(
                ARTIFACT_DIGEST_MISMATCH, f"{shown(self.uri)} has {size} bytes and not {self.expected}: it is another"
            )
        need_room(self.target.parent, size, shown(self.uri))
        descriptor = os.open(self.target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            os.ftruncate(descriptor, size)
            sha256 = self._transfer(descriptor, size, first["Body"])
        finally:
            os.close(descriptor)
        ended = time.monotonic()
        return Fetched(size, sha256, {"download": self.last_byte_at - started, "verify": ended - self.last_byte_at})

    def _transfer(self, descriptor: int, size: int, first_body: StreamingBody) -> str:
        """Keep PARALLEL_PARTS parts on their way and hash each once it and all before it are there."""
        sha256 = hashlib.sha256()
        offsets = range(0, size, PART_BYTES)
        with ThreadPoolExecutor(PARALLEL_PARTS) as pool:
            pending: list[Future[None]] = []
            try:
                for index, offset in enumerate(offsets):
                    while len(pending) < len(offsets) and len(pending) < index + PARALLEL_PARTS:
                        start = offsets[len(pending)]
                        body = first_body if start == 0 else None
                        pending.append(
                            pool.submit(self._part, descriptor, start, min(start + PART_BYTES, size), body, size)
                        )
                    pending[index].result()
                    _hash_range(sha256, descriptor, offset, min(offset + PART_BYTES, size))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return sha256.hexdigest()

    def _part(self, descriptor: int, start: int, end: int, body: StreamingBody | None, size: int) -> None:
        """One range; after a broken connection it goes on where it stopped."""
        position, opened = start, body

        def rest() -> None:
            nonlocal position, opened
            if opened is None:
                answer = self._get(position, end)
                if answer is None:
                    raise _OverwrittenError
                opened = answer["Body"]
            with store_errors(self.uri), opened as stream:
                opened = None
                while position < end and (block := stream.read(min(CHUNK_BYTES, end - position))):
                    os.pwrite(descriptor, block, position)
                    position += len(block)
                    self.last_byte_at = time.monotonic()
            if position < end:
                raise unreachable(f"{shown(self.uri)} broke off at byte {position} of {size}")

        retried(rest)

    def _get(self, start: int, end: int) -> GetObjectOutputTypeDef | None:
        """The answer to one range request; None for an empty object, which has no first byte to ask for."""
        same = {"IfMatch": self.etag} if self.etag else {}
        with store_errors(self.uri):
            try:
                return self.s3.get_object(Bucket=self.bucket, Key=self.key, Range=f"bytes={start}-{end - 1}", **same)  # type: ignore[arg-type]
            except ClientError as error:
                code = code_of(error)
                if code in ("InvalidRange", "416"):
                    return None
                if code in ("PreconditionFailed", "412"):
                    raise _OverwrittenError from error
                raise


def _hash_range(sha256: hashlib._Hash, descriptor: int, start: int, end: int) -> None:
    while start < end:
        block = os.pread(descriptor, min(CHUNK_BYTES, end - start), start)
        sha256.update(block)
        start += len(block)


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Of s3://BUCKET/KEY; InvalidValue for what names no object."""
    parts = urlsplit(uri)
    key = uri.split(parts.netloc, 1)[1].lstrip("/") if parts.netloc else ""  # a key may hold ? and #
    if not parts.netloc or not key or key.endswith("/"):
        raise no_address(uri, "names a bucket and no object in it")
    return parts.netloc, key


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """botocore's errors in our terms: what may pass is a TransientError, the rest a RuntimeFailure."""
    try:
        yield
    except ClientError as error:
        raise _refused(uri, error) from error
    except SSLError as error:
        raise untrusted(uri, error) from error
    except BROKEN as error:
        raise unreachable(f"cannot read {shown(uri)}: {error}{on_the_way(uri)}") from error
    except ParamValidationError as error:
        raise fail(ARTIFACT_NOT_FOUND, f"{shown(uri)} cannot be an object's address: {error}") from error
    except BotoCoreError as error:
        raise fail(STORE_UNREACHABLE, f"cannot ask the store for {shown(uri)}: {error}") from error


def untrusted(uri: str, error: SSLError) -> RuntimeFailure:
    """The store showed a certificate of an authority that is not known here."""
    said = f"the certificate of the store of {shown(uri)} is not trusted: {error}"
    return fail(STORE_UNREACHABLE, f"{said}. {private_authority('AWS_CA_BUNDLE')}")


def on_the_way(uri: str) -> str:
    """What may keep this pod from reaching the store, for the end of a message; empty where nothing is known."""
    at = endpoint() or f"https://{urlsplit(uri).netloc}.s3.amazonaws.com"
    return f"{reach(at)}{by_proxy(at)}"


def _refused(uri: str, error: ClientError) -> RuntimeFailure | TransientError:
    why = cause(error)
    said = f"the store answered {status_of(error)} {code_of(error)} for {shown(uri)}"
    if wants_virtual(error):
        return fail(
            STORE_UNREACHABLE,
            f"{said}: it takes addresses of the form BUCKET.HOST only. Set AWS_S3_ADDRESSING_STYLE to virtual in the "
            "artifact Secret, or for all bundles the operator's setting s3AddressingStyle",
        )
    if why is Cause.DENIED:
        message = str(error.response["Error"].get("Message", ""))
        of_a_key = f" ({message})" if "kms" in message.lower() else ""  # else it repeats the code
        return fail(STORE_ACCESS_DENIED, f"{said}{of_a_key}; {describe_access()}")
    if why is Cause.MISSING:
        return fail(ARTIFACT_NOT_FOUND, f"{said}: upload the artifact, or correct spec.bundle.artifact.uri")
    if why is Cause.PASSING:
        return unreachable(said)
    return fail(STORE_UNREACHABLE, f"{said}: {error.response['Error'].get('Message', '')}")
