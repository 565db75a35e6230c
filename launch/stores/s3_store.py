"""Artifacts in an S3 bucket; what the store refuses becomes one sentence that says what to do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Iterator, Optional
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, SSLError

from bundle_runtime.artifacts.s3_client import client
from bundle_runtime.artifacts.s3_errors import BROKEN, Cause, cause, code_of, status_of, wants_virtual
from launch.errors import StoreError
from launch.stores.artifact import Packed
from launch.stores.content_key import check_unchanged, content_key
from launch.stores.s3_upload import NO_SUCH_UPLOAD, THREADS, store_file
from launch.stores.transfer_progress import transfer_progress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ATTEMPTS = 5  # of each request, with botocore's growing pauses
_LOGIN = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run `aws sso login`"


class S3Store:
    """Artifacts below a prefix of a bucket; StoreError when it cannot be used."""

    def __init__(
        self,
        uri: str,
        endpoint_url: Optional[str] = None,
        region: Optional[str] = None,
        addressing_style: Optional[str] = None,
    ) -> None:
        self.bucket = urlsplit(uri).netloc
        if not self.bucket:
            raise StoreError(f"{uri} names no bucket: write s3://BUCKET/PREFIX.")
        prefix = uri.split("://", 1)[1][len(self.bucket) :].strip("/")  # a prefix may hold ? and #
        self.prefix = prefix + "/" if prefix else ""
        self.uri = f"s3://{self.bucket}/{self.prefix}"
        with self._errors("asked"):
            self._s3: S3Client = client(
                THREADS,
                endpoint_url=endpoint_url,
                region=region,
                attempts=ATTEMPTS,
                sign_payload=False,
                addressing_style=addressing_style,
            )

    def check(self) -> None:
        """Begins a multipart upload and aborts it: the one request that proves bucket, keys and the right to write."""
        with self._errors("written"):
            if boto3.Session().get_credentials() is None:
                raise StoreError(f"no credentials for the artifact store {self.uri}: {_LOGIN}.")
            key = self.prefix + ".write-check"
            begun = self._s3.create_multipart_upload(Bucket=self.bucket, Key=key)
            self._s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=begun["UploadId"])

    def uri_of(self, packed: Packed) -> str:
        """The s3: URI under which it will be, or is."""
        return self.uri + content_key(packed)

    def put(self, packed: Packed, progress: bool = True) -> bool:
        """Resumes what an earlier call of the same content left behind; memory does not grow with the file."""
        check_unchanged(packed)
        key = self.prefix + content_key(packed)
        with self._errors("written"):
            if self._has(key, packed):
                return False
            for last in (False, True):
                try:
                    with transfer_progress(packed.size, "uploading", progress) as advance:
                        store_file(self._s3, self.bucket, key, packed, advance)
                except ClientError as error:
                    if self._has(key, packed):
                        break  # another process had a part in the same upload and completed it
                    # when two complete one upload, a store may answer the slower one with NoSuchUpload, or with a 500
                    if last or not (code_of(error) == NO_SUCH_UPLOAD or cause(error) is Cause.PASSING):
                        raise
                else:
                    break
        return True

    def remove(self, uri: str) -> bool:
        """Delete the object of this URI; StoreError when it is not of this store."""
        if not uri.startswith(self.uri):
            raise StoreError(f"{uri} is not in the artifact store {self.uri}; nothing was removed.")
        with self._errors("removed"):
            self._s3.delete_object(Bucket=self.bucket, Key=uri[len(f"s3://{self.bucket}/") :])
        return True

    def content(self, uri: str) -> bytes:
        """The object of this URI, whole: for small ones."""
        with self._errors("read"):
            found = self._s3.get_object(Bucket=self.bucket, Key=uri[len(f"s3://{self.bucket}/") :])
            return found["Body"].read()

    def size(self, uri: str) -> Optional[int]:
        """Bytes of the object of this URI; None where nothing lies there. By its first byte: a refusal of HEAD has no
        words, and some stores answer 404 to a key that they do not know."""
        key = uri[len(f"s3://{self.bucket}/") :]
        with self._errors("read"):
            try:
                found = self._s3.get_object(Bucket=self.bucket, Key=key, Range="bytes=0-0")
                found["Body"].close()
                whole = found.get("ContentRange") or str(found["ContentLength"])  # a store may know no ranges
                return int(whole.rpartition("/")[2])
            except ClientError as error:
                why = cause(error)
                if code_of(error) in ("InvalidRange", "416"):  # it has no first byte
                    return 0
                if why is Cause.MISSING:
                    return None
                if why is Cause.DENIED:
                    said = f"the artifact store {self.uri} answered {status_of(error)} {code_of(error)}"
                    raise StoreError(f"{said} for {uri}; {_credentials_used()}.") from error
                raise

    def _has(self, key: str, packed: Packed) -> bool:
        try:
            found = self._s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            # without the right to list, S3 answers 403 for what is missing; a true refusal comes again when it is sent
            if cause(error) in (Cause.MISSING, Cause.DENIED):
                return False
            raise
        return found["ContentLength"] == packed.size and found["Metadata"].get("sha256") == packed.sha256

    @contextlib.contextmanager
    def _errors(self, done: str) -> Iterator[None]:
        store = f"the artifact store {self.uri}"
        try:
            yield
        except ClientError as error:
            raise StoreError(self._refused(store, error)) from error
        except SSLError as error:
            raise StoreError(
                f"the certificate of {store} is not trusted: {error}. Name the file of a private authority in "
                "AWS_CA_BUNDLE."
            ) from error
        except BROKEN as error:
            kept = " What was sent of a large file is kept; the same call goes on from there."
            raise StoreError(
                f"{store} cannot be reached: {error}. Check AWS_ENDPOINT_URL and the network."
                + (kept if done == "written" else "")
            ) from error
        except ParamValidationError as error:
            raise StoreError(f"{store} is not a valid address: {error}") from error
        except (BotoCoreError, ValueError) as error:  # botocore: ValueError for an endpoint that is not a URL
            raise StoreError(f"{store} cannot be {done}: {error}. For credentials {_LOGIN}.") from error

    def _refused(self, store: str, error: ClientError) -> str:
        code, why = code_of(error), cause(error)
        said = f"{store} answered {status_of(error)} {code} ({error.response['Error'].get('Message', '')})"
        if code == "NoSuchBucket":
            return f"{said}: create the bucket {self.bucket}, or correct LAUNCH_ARTIFACT_URI."
        if wants_virtual(error):
            return (
                f"{said}: it takes addresses of the form BUCKET.HOST only; set AWS_S3_ADDRESSING_STYLE to virtual, or "
                "client.s3AddressingStyle of the operator's chart for all who upload."
            )
        if why is Cause.DENIED:
            return (
                f"{said}; {_credentials_used()}. Check the keys, and that they may write here (s3:PutObject, "
                f"s3:AbortMultipartUpload); for other ones {_LOGIN}."
            )
        if code == NO_SUCH_UPLOAD:
            return f"{said}: another process aborts the uploads of this bundle; try again."
        if code == "EntityTooLarge":
            return f"{said}: the bundle is larger than the store takes; load the weights in load_model_fn instead."
        if "Quota" in code or "Storage" in code:
            return f"{said}: the store is full or your quota is used up; remove old artifacts or ask for more."
        if why is Cause.PASSING:
            return f"{said}, {ATTEMPTS} times: try again later. What was sent of a large file is kept."
        if code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"):
            return f"{said}: the bucket is in another region; set AWS_REGION to it."
        if code == "RequestTimeTooSkewed":
            return f"{said}: set this machine's clock."
        return f"{said}: correct LAUNCH_ARTIFACT_URI or AWS_ENDPOINT_URL, or ask who runs the store."


def _credentials_used() -> str:
    """Which key, never the secret."""
    found = boto3.Session().get_credentials()
    if found is None:
        return "no credentials were found"
    return f"the access key {found.access_key[:4]}... was used (found by: {found.method})"
