"""What an S3 store's refusal means: a download and the client's upload take it alike, and each says it in its words."""

from __future__ import annotations

import enum

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnectionError
from urllib3.exceptions import HTTPError as StreamError

# the connection was not made or broke; botocore's SSLError is among them, so a caller that handles it catches it first
BROKEN = (NoConnectionError, HTTPClientError, IncompleteReadError, StreamError, ConnectionError, TimeoutError)

_MISSING = {"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "InvalidBucketName", "404"}
_DENIED = {
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "XAdminUserNotFound",  # versitygw's InvalidAccessKeyId, with status 404
}
# Alibaba OSS, Tencent COS, Volcengine TOS: the bucket has to be in the host's name
_WANTS_VIRTUAL = {"SecondLevelDomainForbidden", "PathStyleDomainForbidden", "InvalidPathAccess"}
_PASSING = {"SlowDown", "RequestTimeout", "Throttling"}


class Cause(enum.Enum):
    DENIED = "denied"
    MISSING = "missing"
    PASSING = "passing"  # worth another try
    OTHER = "other"


def cause(error: ClientError) -> Cause:
    code, status = code_of(error), status_of(error)
    if wants_virtual(error):
        return Cause.OTHER
    if code in _DENIED or status in (401, 403):
        return Cause.DENIED
    if code in _MISSING or status == 404:
        return Cause.MISSING
    if status >= 500 or status == 429 or code in _PASSING:
        return Cause.PASSING
    return Cause.OTHER


def wants_virtual(error: ClientError) -> bool:
    """The store takes BUCKET.HOST only, and was asked for HOST/BUCKET."""
    return code_of(error) in _WANTS_VIRTUAL


def code_of(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def status_of(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
