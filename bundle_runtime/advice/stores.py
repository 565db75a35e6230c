"""What an S3 store refuses, by its error code: prepare names the code, the key and the endpoint, and the operator adds
the row."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import FETCH, SERVING, Row, Symptom, Values, World

_ANSWERED = r"the store answered \d+ "


def _region(symptom: Symptom, world: World) -> Optional[Values]:
    found = re.search(r"expecting '([\w-]+)'", symptom.text)
    return {"region": f": it is in {found[1]}" if found else ""}


ROWS: Tuple[Row, ...] = (
    Row(
        "store-region", (FETCH,), "The bucket is not in the region that was asked{region}.",
        "Set AWS_REGION in the artifact Secret to the bucket's region, or for all bundles the operator's setting "
        "s3Region; for AWS itself leave AWS_ENDPOINT_URL out.",
        text=_ANSWERED + r"(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|301\b)",
        asks=_region,
        edits=(),
    ),
    Row(
        "store-signature", (FETCH,), "The store knows the access key, and the signature is of another secret.",
        "Write AWS_SECRET_ACCESS_KEY of that key into the artifact Secret (kubectl create secret --from-literal); a "
        "proxy that changes the path or the host of a request breaks signatures too.",
        text=_ANSWERED + "SignatureDoesNotMatch",
        edits=(),
    ),
    Row(
        "store-token-expired", (FETCH,), "The credentials were temporary, with an AWS_SESSION_TOKEN, and have ended.",
        "Give pods lasting ones: a ServiceAccount with a role (spec.serving.serviceAccountName), or in the artifact "
        "Secret keys without a session token. Pods that run go on; a new one needs them.",
        text=_ANSWERED + "(ExpiredToken|InvalidToken|RequestExpired|TokenRefreshRequired)",
        edits=(SERVING,),
    ),
    Row(
        "store-clock", (FETCH,), "The node's clock and the store's are more than some minutes apart.",
        "Have the node's clock set (NTP): a signature is only valid near its time.",
        text=_ANSWERED + "(RequestTimeTooSkewed|RequestInTheFuture)",
        edits=(),
    ),
    Row(
        "store-encryption-key", (FETCH,), "The object is encrypted with a key of KMS that the pod's identity may not "
        "use.", "Allow it kms:Decrypt on that key, in the key's policy too where it is another account's.",
        text=_ANSWERED + r"(KMS\.|\S+ for \S+ .*kms:\w)",
        edits=(),
    ),
    Row(
        "store-archived", (FETCH,), "The object is in an archive class (Glacier), and must be restored before it is "
        "read.", "Restore it, or copy it to a class that is read at once, and keep lifecycle rules off the artifacts.",
        text=_ANSWERED + "InvalidObjectState",
        edits=(),
    ),
    Row(
        "store-bucket", (FETCH,), "There is no bucket of that name at the endpoint that was asked.",
        "Correct AWS_ENDPOINT_URL in the artifact Secret (without it AWS is asked); or where the bucket is wrong in "
        "spec.bundle.artifact.uri, make a new bundle: spec.bundle is immutable.", text=_ANSWERED + "NoSuchBucket",
        edits=(),
    ),
    Row(
        "store-console-port", (FETCH,), "The address is that of MinIO's console, not of its API.",
        "Write the API's port into AWS_ENDPOINT_URL (9000, where the console has 9001).",
        text="S3 API Requests must be made to API port",
        edits=(),
    ),
)  # fmt: skip
