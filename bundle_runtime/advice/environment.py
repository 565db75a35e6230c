"""Variables and credentials that the code expects in its environment."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import FIELDS, KIND, SERVING, USER_CODE, Row, Symptom, Values, World

_SECRET = (
    "For a password or key make a Secret with that key in the namespace instead, and name the Secret in "
    "spec.serving.envFrom."
)
_PATH = (
    "A path to a file of the bundle is written from the top of its folder on, such as data/words.txt: that folder is "
    "the working directory."
)


def _of_environ(symptom: Symptom, world: World) -> Optional[Values]:
    """os.environ[NAME], which raises a KeyError like any other dict's."""
    found = re.fullmatch(r"'(\w+)'", symptom.text)
    return {"name": found[1]} if found and symptom.raised_in == "os" else None


def _of_capitals(symptom: Symptom, world: World) -> Optional[Values]:
    found = re.fullmatch(r"'([A-Z][A-Z0-9]*(_[A-Z0-9]+)+)'", symptom.text)
    return {"name": found[1]} if found and symptom.raised_in != "os" else None


ROWS: Tuple[Row, ...] = (
    Row(
        "missing-variable", USER_CODE, "The environment variable {name} is not set in the pod.",
        f"Set it in spec.bundle.env. {_PATH} {_SECRET}", error="KeyError", asks=_of_environ,
        edits=(FIELDS, SERVING),
    ),
    Row(
        "variable-of-capitals", USER_CODE, "A dict has no key {name}, which is named like an environment variable.",
        "See which dict the line above reads. A copy of os.environ: set the variable in spec.bundle.env. The "
        "app config: set the key in spec.bundle.appConfig. One that the code fills: put the key there. " + _PATH,
        error="KeyError", asks=_of_capitals, rank=KIND,
    ),
    Row(
        "missing-api-key", USER_CODE, "A client asks for a key in the environment variable {name}, which is not set "
        "in the pod.",
        f"Set it in spec.bundle.env. {_SECRET}", text=r"(?P<name>\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+)\W{0,2} (environment "
        "variable|env var)|"
        r"[Ee]nvironment variable:? \W{0,2}(?P<name2>[A-Z][A-Z0-9]*(_[A-Z0-9]+)+)",
        edits=(FIELDS, SERVING),
    ),
    Row(
        "no-cloud-credentials", USER_CODE, "A cloud client in the code found no credentials: a pod has neither your "
        "home's files nor the node's role.",
        "Give them as variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary keys, AWS_SESSION_TOKEN; "
        "or those of your cloud) in a Secret of its namespace that spec.serving.envFrom names, or name a "
        "ServiceAccount that has a cloud role in spec.serving.serviceAccountName.",
        error="NoCredentialsError|DefaultCredentialsError|CredentialUnavailableError|ClientAuthenticationError|"
        "NoRegionError",
        edits=(SERVING,),
    ),
)  # fmt: skip
