"""An artifact on a volume of the bundle's namespace, pvc://CLAIM/PATH: prepare alone has the claim, and reads it."""

import re
from typing import Any
from urllib.parse import urlsplit

from bundle_runtime.contract.layout import Layout

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_VOLUME = "claim"


def claim_of(uri: str) -> str:
    """The claim's name; empty for other addresses, and for a name that no claim can have, which prepare refuses."""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme == "pvc" and _NAME.fullmatch(parts.netloc) else ""


def claim_mounts(uri: str) -> list[dict[str, Any]]:
    """For prepare."""
    return [{"name": _VOLUME, "mountPath": Layout().claim_dir, "readOnly": True}] if claim_of(uri) else []


def claim_volumes(uri: str) -> list[dict[str, Any]]:
    """Read-only for the whole pod: Kubernetes then changes the owner of no file on it."""
    claim = {"claimName": claim_of(uri), "readOnly": True}
    return [{"name": _VOLUME, "persistentVolumeClaim": claim}] if claim_of(uri) else []
