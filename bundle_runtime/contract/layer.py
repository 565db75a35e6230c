"""What a layer of requirements is called, in files and in reports: the words that operator, prepare, install and the
worker share (docs/reference/pod-contract.md).

A layer is one installation of a bundle's requirements, packed into one object beside the artifact. It never decides
whether a pod starts: where it cannot be used the pod installs itself, and a report says why.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, Optional

# files of install in the requirements directory
INSTALLED = "installed.txt"  # the packages, a line each
FILES = "files.txt"  # the same, each with the sha256 of the file that it was installed from
DESCRIPTION = ".layer.json"  # the entries and the image that it was installed for
FROM_LAYER = ".from-layer"  # the digest of the layer that stands for it; then it has no packages itself
MARK = ".modelbundle"  # written last: names the digest and the Python that the directory is complete for

# why a layer could not be used, as `layerFailed` of a report says it
NOT_FOUND = "NotFound"
MISMATCH = "Mismatch"  # prepare: not the bytes that the reference names. install: made for another image
DENIED = "Denied"
UNREACHABLE = "Unreachable"  # the store, or this pod's disk
BROKEN = "Broken"  # the right bytes, and nothing that can be unpacked
REASONS = (NOT_FOUND, MISMATCH, DENIED, UNREACHABLE, BROKEN)

# of packages that were built from source, as a report names them
MOST_NAMES = 16
LONGEST_NAME = 128

MAX_PACKED_BYTES = 64 << 30
MAX_URI = 1100  # as JSON, so that it fits into a termination message with the rest
MAX_REFERENCE_BYTES = 4096

_HEX = re.compile(r"[0-9a-f]{64}")
_SPREAD = re.compile(r"[0-9a-f]{2}")


class LayerReference(NamedTuple):
    """Where a layer is and what it is: its name (`sha256:` and hex) and the sha256 (hex) of the packed file."""

    digest: str
    sha256: str
    uri: str
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        return dict(self._asdict())


def layer_reference(value: object) -> Optional[LayerReference]:
    """Of one object of JSON; None unless each part has its form. More than the four parts may be there."""
    if not isinstance(value, dict):
        return None
    digest, sha256, uri, size = (value.get(name) for name in LayerReference._fields)
    if not isinstance(digest, str) or not digest.startswith("sha256:") or not _HEX.fullmatch(digest[7:]):
        return None
    if not isinstance(sha256, str) or not _HEX.fullmatch(sha256):
        return None
    if not isinstance(uri, str) or not uri.startswith("s3://") or not uri.endswith(_name(sha256)) or not fits(uri):
        return None
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MAX_PACKED_BYTES:
        return None
    return LayerReference(digest, sha256, uri, size)


def read_reference(path: str) -> Optional[LayerReference]:
    """Of a file; None where there is none, and a ValueError where it is not a reference."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_REFERENCE_BYTES + 1)
    except FileNotFoundError:
        return None
    try:
        found = layer_reference(json.loads(content.decode("utf-8")))
    except (ValueError, RecursionError):
        found = None
    if found is None or len(content) > MAX_REFERENCE_BYTES:
        raise ValueError(f"{path} is not the reference of a layer")
    return found


def layer_uri(artifact_uri: str, sha256: str) -> Optional[str]:
    """Where the layer of a bundle with that artifact is; None where no layer can be stored beside it.

    The client spreads artifacts over directories of two digits (9f/9f86d0...zip); their layers are beside those, so
    that one prefix has all of them, as a rule of the store about what expires, or about who may write, asks for.
    """
    scheme, bucket, key = _parts(artifact_uri)
    if scheme != "s3" or not bucket or not key or key.endswith("/"):
        return None
    directory, _, file = artifact_uri.rpartition("/")
    above, _, spread = directory.rpartition("/")
    if "/" in key and _SPREAD.fullmatch(spread) and file.startswith(spread):
        directory = above
    uri = directory.rstrip("/") + _name(sha256)
    return uri if fits(uri) else None


def same_bucket(one: str, other: str) -> bool:
    """Whether both are in the same bucket: a layer is read with the keys of the artifact, and only there."""
    return _parts(one)[:2] == _parts(other)[:2]


def fits(uri: str) -> bool:
    return len(json.dumps(uri)) <= MAX_URI


def _name(sha256: str) -> str:
    return f"/layers/{sha256}.tar.zst"


def _parts(uri: str) -> tuple[str, str, str]:
    """Scheme, bucket and key; a key may hold ? and #."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    return scheme.lower(), bucket, key.lstrip("/")
