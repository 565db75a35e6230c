"""Artifact stores that refuse, as others reported."""

from __future__ import annotations

from dataclasses import dataclass

from bundle_runtime.advice.row import FETCH
from tests.bundle_runtime.advice.stand_ins import StandIn

_CODE = "the store's code, and not what to do"
_KEYS = 'wrong: "check the keys"'


@dataclass(frozen=True)
class Refusal:
    """A store answers with `status`, `error` and `message`."""

    source: str
    happened: str
    before: str
    code: str
    status: int
    error: str
    message: str = "as the store has it"


CASES = (
    Refusal("kserve/kserve#4047", "The bucket is in another region than that of the endpoint.", _CODE, "store-region",
            301, "PermanentRedirect"),
    Refusal("langfuse/langfuse-k8s#93", "Requests are signed for the region auto.", _CODE, "store-region", 400,
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the region 'auto' is wrong; expecting 'us-west-2'"),
    Refusal("kserve/kserve#2003", "The bucket is encrypted with a key of KMS that the role may not use.", _KEYS,
            "store-encryption-key", 403, "AccessDenied", "User: arn:aws:sts::1:assumed-role/r is not authorized to "
            "perform: kms:Decrypt on this resource"),
    Refusal("triton-inference-server/server#2871", "Temporary credentials have ended when a pod is made anew.", _KEYS,
            "store-token-expired", 400, "ExpiredToken"),
    Refusal("minio/minio-py#285", "The clocks of node and store differ.", _KEYS, "store-clock", 403,
            "RequestTimeTooSkewed"),
    Refusal("minio/mc#4523", "The address is that of MinIO's console.", _CODE, "store-console-port", 400,
            "InvalidArgument", "S3 API Requests must be made to API port."),
)  # fmt: skip

MORE = (
    Refusal("", "", "", "store-signature", 403, "SignatureDoesNotMatch"),
    Refusal("", "", "", "store-archived", 403, "InvalidObjectState"),
    Refusal("", "", "", "store-bucket", 404, "NoSuchBucket"),
)

# mended, and so without a row: the source, what happened, what was said, and what is
MENDED = (
    ("SeldonIO/seldon-core#1727", "The endpoint is written without http:// or https://.",
     "wrong: a traceback of prepare", "write it with http:// or https:// before the host"),
    ("longhorn/longhorn#811", "A key of the Secret ends with a line break, as echo writes it.",
     'wrong: "cannot read", tried again and again', "has a blank or a line break at an end: it is left out"),
)  # fmt: skip


def _stand_in(one: Refusal) -> StandIn:
    text = f"the store answered {one.status} {one.error} for s3://models/a.pkl: {one.message}"
    return StandIn(one.code, text, FETCH, ())


STANDING_IN = tuple({one.code: _stand_in(one) for one in (*CASES, *MORE)}.values())
