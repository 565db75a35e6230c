"""One file into S3: whole when it is small, else in parts by a few threads, and resumable.

A part is read from the file while it is sent, so memory does not grow with the file. The key is made from the content:
an unfinished upload of the same key is of the same file, and a part there whose ETag is the MD5 of ours is not sent
again.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from botocore.exceptions import ClientError

from bundle_runtime.artifacts.s3_errors import Cause, cause, code_of
from launch.stores.artifact import CHUNK, Packed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 16 << 20  # S3's least is 5 MiB; a larger one loses more when the connection breaks
MOST_PARTS = 10_000
THREADS = 4
NO_SUCH_UPLOAD = "NoSuchUpload"  # another process completed or aborted it
Advance = Callable[[int], object]


class Part(NamedTuple):
    """A piece of the file: its number from 1, where it begins and how large it is, in bytes."""

    number: int
    start: int
    size: int


def parts_of(size: int) -> List[Part]:
    """All of one size but the last, as some stores demand; never more than S3 takes."""
    least = -(-size // MOST_PARTS)
    part = max(PART, -(-least // CHUNK) * CHUNK)
    return [Part(1 + start // part, start, min(part, size - start)) for start in range(0, size, part)]


def store_file(s3: S3Client, bucket: str, key: str, packed: Packed, advance: Advance) -> None:
    """botocore's errors pass. An upload that the store refuses is aborted; one that was cut off can be resumed."""
    metadata = {"sha256": packed.sha256}
    if packed.size <= PART:
        content = packed.path.read_bytes()
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
        s3.put_object(Bucket=bucket, Key=key, Body=content, ContentMD5=md5, Metadata=metadata)
        advance(len(content))
        return
    upload_id = _unfinished(s3, bucket, key)
    if upload_id is None:
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, Metadata=metadata)["UploadId"]
    upload = _Upload(s3, bucket, key, upload_id, packed, advance)
    try:
        upload.run()
    except ClientError as error:
        if cause(error) is not Cause.PASSING and code_of(error) != NO_SUCH_UPLOAD:
            upload.abort()
        raise


def _unfinished(s3: S3Client, bucket: str, key: str) -> Optional[str]:
    """The newest upload of this very key; None too where the store does not list uploads."""
    try:
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=key)
        found = [upload for page in pages for upload in page.get("Uploads", []) if upload["Key"] == key]
    except ClientError as error:
        if cause(error) is Cause.DENIED or code_of(error) in ("NotImplemented", "MethodNotAllowed"):
            return None
        raise
    return max(found, key=lambda upload: upload["Initiated"])["UploadId"] if found else None


class _StoppedError(BaseException):
    """Ends a part on its way. No Exception: botocore would take it for a broken connection and send the part again."""


class _Upload:
    """A multipart upload on its way."""

    def __init__(self, s3: S3Client, bucket: str, key: str, upload_id: str, packed: Packed, advance: Advance) -> None:
        self.s3, self.bucket, self.key, self.upload_id = s3, bucket, key, upload_id
        self.path, self.parts, self._advance = packed.path, parts_of(packed.size), advance
        self.stored: Dict[int, Tuple[str, int]] = {}
        self.stopped = threading.Event()
        self._lock = threading.Lock()

    def run(self) -> None:
        self.stored = self._list()
        completed: List[CompletedPartTypeDef] = []
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="upload")
        futures: List[Future[CompletedPartTypeDef]] = [pool.submit(self._send, part) for part in self.parts]
        try:
            for future in as_completed(futures):
                completed.append(future.result())
        except BaseException as error:
            self.stopped.set()
            for future in futures:
                future.cancel()
            pool.shutdown()
            if isinstance(error, KeyboardInterrupt):
                print(
                    f"\nThe upload was interrupted: {len(completed)} of {len(self.parts)} parts are stored; "
                    "the same call goes on from there.",
                    file=sys.stderr,
                    flush=True,
                )
            raise
        pool.shutdown()
        completed.sort(key=lambda part: part["PartNumber"])
        self.s3.complete_multipart_upload(**self._address, MultipartUpload={"Parts": completed})

    def abort(self) -> None:
        """The caller hears the first refusal; where this one is refused too, the bucket's lifecycle rule tidies up."""
        with contextlib.suppress(ClientError):
            self.s3.abort_multipart_upload(**self._address)

    @property
    def _address(self) -> Any:  # each request takes these, as keywords
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self.upload_id}

    def _list(self) -> Dict[int, Tuple[str, int]]:
        pages = self.s3.get_paginator("list_parts").paginate(**self._address)
        return {
            part["PartNumber"]: (part["ETag"].strip('"'), part["Size"])
            for page in pages
            for part in page.get("Parts", [])
        }

    def _send(self, part: Part) -> CompletedPartTypeDef:
        with PartOfFile(self.path, part, self.stopped, lambda _: None) as content:
            md5 = hashlib.md5()
            while block := content.read(CHUNK):
                md5.update(block)
        if self.stored.get(part.number) == (md5.hexdigest(), part.size):
            self.advance(part.size)
            return {"PartNumber": part.number, "ETag": md5.hexdigest()}
        with PartOfFile(self.path, part, self.stopped, self.advance) as content:
            answer = self.s3.upload_part(
                **self._address,
                PartNumber=part.number,
                Body=content,  # type: ignore[arg-type]
                ContentMD5=base64.b64encode(md5.digest()).decode(),
            )
        return {"PartNumber": part.number, "ETag": answer["ETag"]}

    def advance(self, count: int) -> None:
        with self._lock:
            self._advance(count)


class PartOfFile:
    """A part as a file of its own, which botocore may rewind to send it again."""

    def __init__(self, path: Path, part: Part, stopped: threading.Event, advance: Advance) -> None:
        self._file, self._part, self._stopped, self._advance = path.open("rb"), part, stopped, advance
        self._file.seek(part.start)
        self._position = 0

    def __enter__(self) -> PartOfFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._part.size

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes of the part; raises when the upload was stopped."""
        if self._stopped.is_set():
            raise _StoppedError
        left = self._part.size - self._position
        block = self._file.read(left if count < 0 else min(count, left))
        self._position += len(block)
        self._advance(len(block))
        return block

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file that is the part alone."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._part.size}[whence]
        position = base + offset
        self._advance(position - self._position)
        self._file.seek(self._part.start + position)
        self._position = position
        return position

    def tell(self) -> int:
        """Bytes from the start of the part."""
        return self._position
