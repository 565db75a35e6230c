"""What the objects that the client makes are called, and the labels and annotations by which it finds them again. Pure.

In the original a name is not unique: the newest bundle of a name is meant. So the object's name carries ten hex digits
of the digest, a label the name that was given, and an annotation the moment at which it was last created.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timezone
from typing import Any, Dict, Mapping

from bundle_spec.names import BUNDLE_NAME, CREATED_AT, METADATA, OWNER
from launch.errors import InvalidBundleError

LONGEST_NAME, HEX = 52, 10
LONGEST_METADATA = 16 * 1024  # of the 256 KiB that all annotations may have, kubectl's copy of the object among them

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def object_name(name: str, digest: str) -> str:
    """DNS-1035, at most 52 characters: the name as far as it can be kept, and ten hex digits.

    They are the digest's where the name could be kept whole, else those of a hash of the name and the digest.
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidBundleError(f"model_bundle_name must be a text that says something, it is {name!r}")
    if len(name) > 1024:
        raise InvalidBundleError(f"model_bundle_name has {len(name)} characters, 1024 are allowed")
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    slug = (slug if slug[:1].isalpha() else f"bundle-{slug}")[: LONGEST_NAME - HEX - 1].strip("-")
    known_by = digest.rpartition(":")[2]
    if slug != name:  # other names look the same: they must not become one object
        known_by = hashlib.sha256(f"{name}\n{digest}".encode("utf-8")).hexdigest()
    return f"{slug}-{known_by[:HEX]}"


def label_value(text: str) -> str:
    """The text where a label can hold it, else a hash of it: one text has one value."""
    return text if _LABEL_VALUE.fullmatch(text) else "h-" + hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def owner_label(user: str) -> str:
    """Always a hash: `system:serviceaccount:a:b` is not a label, and a selector need not show who a user is."""
    return hashlib.sha256(user.encode("utf-8")).hexdigest()[:32]


def bundle_metadata(name: str, owner: str, created_at: int, extra: Mapping[str, Any]) -> Dict[str, Any]:
    """Labels and annotations of a bundle; `created_at` in nanoseconds since 1970."""
    annotations = {BUNDLE_NAME: name, CREATED_AT: str(created_at)}
    labels = {BUNDLE_NAME: label_value(name)}
    if owner:
        annotations[OWNER], labels[OWNER] = owner, owner_label(owner)
    if extra:
        text = json.dumps(extra, ensure_ascii=False, sort_keys=True, default=str)
        if len(text.encode("utf-8")) <= LONGEST_METADATA:
            annotations[METADATA] = text
    return {"labels": labels, "annotations": annotations}


def display_name(bundle: Mapping[str, Any]) -> str:
    """The name that the bundle was created by; hand-written YAML has its object's."""
    metadata = bundle["metadata"]
    return str((metadata.get("annotations") or {}).get(BUNDLE_NAME) or metadata["name"])


def created_at(bundle: Mapping[str, Any]) -> int:
    """Nanoseconds since 1970; without the annotation it is the API server's own time."""
    metadata = bundle["metadata"]
    recorded = str((metadata.get("annotations") or {}).get(CREATED_AT) or "")
    if recorded.isdigit():
        return int(recorded)
    stamp = str(metadata.get("creationTimestamp") or "1970-01-01T00:00:00Z")
    moment = datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 10**9
