"""One file into S3, by the keys that prepare reads with: for what pods keep beside an artifact.

It is put whatever is there: its key is made from its content, so a repeat is harmless and mends an object that somebody
has changed.
"""

from __future__ import annotations

from pathlib import Path

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import S3Transfer, TransferConfig
from botocore.exceptions import BotoCoreError, ClientError, SSLError
from botocore.session import get_session

from bundle_runtime.artifacts.retry import shown
from bundle_runtime.artifacts.s3 import bucket_and_key, on_the_way, untrusted
from bundle_runtime.artifacts.s3_client import client, tidy_environment
from bundle_runtime.artifacts.s3_errors import BROKEN, Cause, cause, code_of, status_of, wants_virtual
from bundle_runtime.contract.report import STORE_ACCESS_DENIED, STORE_UNREACHABLE, RuntimeFailure, fail

PART_BYTES = 32 << 20
THREADS = 4
ATTEMPTS = 5  # of each request, with botocore's growing pauses


def upload(file: Path, uri: str) -> None:
    """Put the file there, in parts where it is large; a RuntimeFailure says why it could not be."""
    bucket, key = bucket_and_key(uri)
    tidy_environment()
    config = TransferConfig(
        multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=THREADS, use_threads=True
    )
    try:
        if get_session().get_credentials() is None:
            raise fail(
                STORE_ACCESS_DENIED,
                f"there are no keys with which {shown(uri)} could be written: the bucket is read by everybody. An "
                "artifact Secret whose keys may write there is taken for that too",
            )
        transfer = S3Transfer(client(THREADS, attempts=ATTEMPTS), config)  # type: ignore[arg-type]  # of the stub
        transfer.upload_file(str(file), bucket, key)
    except (S3UploadFailedError, BotoCoreError, ClientError, *BROKEN) as error:
        raise _failed(uri, _first_cause(error)) from error


def _first_cause(error: BaseException) -> BaseException:
    """boto3 wraps what the store answered, and keeps its words only."""
    if isinstance(error, S3UploadFailedError) and isinstance(error.__context__, ClientError):
        return error.__context__
    return error


def _failed(uri: str, error: BaseException) -> RuntimeFailure:
    if isinstance(error, ClientError):
        said = f"the store answered {status_of(error)} {code_of(error)} to a write of {shown(uri)}"
        if cause(error) is Cause.DENIED:
            allow = "allow the keys of the artifact Secret s3:PutObject and s3:AbortMultipartUpload there"
            return fail(STORE_ACCESS_DENIED, f"{said}: to read is not enough, {allow}")
        if wants_virtual(error):
            return fail(STORE_UNREACHABLE, f"{said}: it takes addresses of the form BUCKET.HOST only")
        return fail(STORE_UNREACHABLE, f"{said}: {error.response['Error'].get('Message', '')}")
    if isinstance(error, SSLError):
        return untrusted(uri, error)
    return fail(STORE_UNREACHABLE, f"cannot write {shown(uri)}: {error}{on_the_way(uri)}")
