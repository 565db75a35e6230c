"""The S3 client of prepare and the CLI: the usual AWS environment, any S3-compatible endpoint, public buckets.

botocore's own, without boto3, which takes a tenth of prepare's processor time and adds nothing that is used here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.session import get_session

from bundle_runtime.contract.store_variables import STORE_REGION, STORE_SIGNATURE, STORE_STYLE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# no blank is a part of them: one at an end is of `echo KEY | base64`, or of a copied line
_WITHOUT_BLANKS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)
DEFAULT_REGION = "us-east-1"  # S3-compatible stores ignore it, but requests are signed with one


class EndpointError(BotoCoreError):
    """botocore raises a bare ValueError for an endpoint without a scheme."""

    fmt = (
        "the endpoint is {url}: write it with http:// or https:// before the host, such as "
        "https://minio.storage.svc:9000 (AWS_ENDPOINT_URL)"
    )


def tidy_environment() -> list[str]:
    """The variables that had blanks or a line break around their value, and have none now."""
    values = {name: os.environ[name] for name in _WITHOUT_BLANKS if name in os.environ}
    odd = [name for name, value in values.items() if value != value.strip()]
    os.environ.update({name: values[name].strip() for name in odd})
    return odd


def client(
    connections: int,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    attempts: int = 1,
    sign_payload: bool | None = None,
    addressing_style: str | None = None,
) -> S3Client:
    """A client by AWS_ENDPOINT_URL, AWS_REGION and AWS_* credentials; without credentials it asks unsigned.

    AWS_S3_ADDRESSING_STYLE (path, virtual, auto) and AWS_S3_SIGNATURE_VERSION (s3v4, s3) are for stores that take one
    of them only. In a pod they may be keys of the artifact Secret, which go before the operator's settings.

    What is given wins over the environment. With one attempt the callers retry, with a word in the log. A payload that
    carries a Content-MD5 needs no second hash in its signature (sign_payload=False).
    """
    session = get_session()
    own_endpoint = endpoint_url or endpoint()
    if own_endpoint and not own_endpoint.lower().startswith(("http://", "https://")):
        raise EndpointError(url=own_endpoint)
    signature = _first("AWS_S3_SIGNATURE_VERSION", STORE_SIGNATURE)
    style: Any = addressing_style or _first("AWS_S3_ADDRESSING_STYLE", STORE_STYLE)  # botocore names a wrong one
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=connections,
        signature_version=signature if session.get_credentials() else UNSIGNED,
        s3={
            "addressing_style": style or ("path" if own_endpoint else "auto"),  # bucket.localhost resolves nowhere
            **({} if sign_payload is None else {"payload_signing_enabled": sign_payload}),
        },
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",  # the bundle's sha256 is the check
    )
    of_profile = session.get_config_variable("region")
    known = os.environ.get("AWS_REGION") or of_profile or os.environ.get(STORE_REGION) or DEFAULT_REGION
    made = session.create_client("s3", region_name=region or known, endpoint_url=own_endpoint, config=config)
    return cast("S3Client", made)


def _first(*variables: str) -> str | None:
    return next((os.environ[name] for name in variables if os.environ.get(name)), None)


def endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def describe_access() -> str:
    """Which key was used, for the message: never the secret."""
    key = os.environ.get("AWS_ACCESS_KEY_ID")
    if key:
        used, check = f"the access key {key[:4]}... was used", "check the artifact Secret's keys and that they"
    elif found := get_session().get_credentials():
        used, check = f"an identity of the pod was used ({found.method})", "check that it"
    else:
        used = "no AWS_ACCESS_KEY_ID is set, and the pod has no identity of a cloud"
        check = "check the artifact Secret's keys, or the ServiceAccount, and that they"
    return (
        f"{used}, at {endpoint() or 'AWS'}: {check} may read the bucket "
        "(without the right to list, a missing object is answered like a forbidden one)"
    )
