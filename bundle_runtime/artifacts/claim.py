"""An artifact on a volume that the pod has mounted: pvc://CLAIM/PATH. It is copied, as others may write there after its
sha256 was taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bundle_runtime.artifacts.fetched import Fetched
from bundle_runtime.artifacts.retry import DISK_FULL_ERRNOS, no_address
from bundle_runtime.contract.report import ARTIFACT_NOT_FOUND, STORE_ACCESS_DENIED, STORE_UNREACHABLE, fail


def fetch_claim(uri: str, target: Path, mounted: str, copy: Callable[[Path, Path], Fetched]) -> Fetched:
    """Copy the file out of the directory where the claim is mounted; a RuntimeFailure says why it could not be had."""
    claim, inside = urlsplit(uri).netloc, unquote(urlsplit(uri).path).strip("/")
    if not claim or not inside:
        raise no_address(uri, "names no file on a claim, as pvc://CLAIM/PATH does")
    root = Path(mounted)
    if not root.is_dir():
        raise fail(STORE_UNREACHABLE, f"the claim {claim} is not mounted here: pods read {uri}, this machine cannot")
    path = (root / inside).resolve()
    if root.resolve() not in path.parents:
        raise no_address(uri, "leads out of the claim")
    if not path.exists():
        raise fail(ARTIFACT_NOT_FOUND, f"there is no file {inside} on the claim {claim}: put it there")
    if not path.is_file():
        raise fail(ARTIFACT_NOT_FOUND, f"{inside} on the claim {claim} is not a file")
    try:
        path.open("rb").close()
    except PermissionError as error:
        raise fail(
            STORE_ACCESS_DENIED,
            f"may not read {inside} on the claim {claim}: pods run as a user of their own, so make it readable by "
            "everyone (chmod a+rX, also of the directories above it)",
        ) from error
    try:
        return copy(path, target)
    except OSError as error:
        if error.errno in DISK_FULL_ERRNOS:
            raise  # of the target
        raise fail(STORE_UNREACHABLE, f"cannot read {inside} on the claim {claim}: {error.strerror}") from error
