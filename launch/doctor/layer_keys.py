"""Tries the keys of the artifact Secret, which pods have, where layers of requirements are put. For who asks for it:
the Secret is read, which no other check does.

In a process of its own, as the keys are the environment of an S3 client, and nothing here is to keep them.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Mapping, Union

from launch.cluster.api import checked
from launch.cluster.reading import absent_is_none
from launch.cluster.transport import call
from launch.doctor.facts import StoreFacts, Unknown, artifact_secret_name
from launch.errors import APIError

SECONDS = 30.0
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "AWS_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY")
# these keys alone: none of whoever asks
_NO_OTHERS = {
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_MAX_SAID_CHARS = 600


def layer_keys(
    api: Any, namespace: str, settings: Union[Mapping[str, str], Unknown], store: StoreFacts
) -> Union[str, Unknown]:
    """Why the keys may not write there, "" where they may."""
    if not store.place.startswith("s3://"):
        return Unknown("layers are kept in an artifact store at s3:// alone" if store.place else "no store is known")
    name = artifact_secret_name(settings)
    if not name:
        return Unknown("pods use no Secret: what their identity may do only they can try")
    path = f"/api/v1/namespaces/{checked(namespace)}/secrets/{checked(name)}"
    try:
        found = absent_is_none(lambda: call(api, "GET", path, f"the Secret {name}"))
    except APIError as error:
        return Unknown(f"you may not read the Secret {name}" if error.status == 403 else str(error))
    if found is None:
        return Unknown(f"there is no Secret {name}")
    return _tried(store.place.rstrip("/") + "/layers/", _values(found))


def _values(secret: Mapping[str, Any]) -> Dict[str, str]:
    data = secret.get("data") or {}
    return {name: base64.b64decode(value).decode("utf-8", "replace") for name, value in data.items()}


def _tried(place: str, keys: Mapping[str, str]) -> Union[str, Unknown]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    environment = {
        **kept,
        **_NO_OTHERS,
        **keys,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH")))),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, place],
            env=environment, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Unknown(f"no answer within {SECONDS:g} s")
    if done.returncode == 0:
        return done.stdout.strip()
    return Unknown((done.stderr.strip().splitlines() or ["it could not be tried"])[-1][:_MAX_SAID_CHARS])


def main(place: str) -> int:
    """In the process of its own: begins an upload and aborts it, as the first request of a layer does."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from bundle_runtime.artifacts.s3_client import client, tidy_environment
    from bundle_runtime.artifacts.s3_errors import Cause, cause, code_of, status_of

    tidy_environment()
    bucket, _, prefix = place.partition("://")[2].partition("/")
    key = f"{prefix}.write-check"
    try:
        if boto3.Session().get_credentials() is None:
            print("it has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            return 0
        s3 = client(1)
        begun = s3.create_multipart_upload(Bucket=bucket, Key=key)
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=begun["UploadId"])
    except ClientError as error:
        said = f"the store answered {status_of(error)} {code_of(error)} to a write of {place}"
        if cause(error) is Cause.DENIED:
            print(said)
            return 0
        print(said, file=sys.stderr)
        return 1
    except BotoCoreError as error:
        print(f"the store cannot be asked from here: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
