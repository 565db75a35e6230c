"""Pins for what a bundle left open: the digest of the image that ran, the versions that were installed. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Dict, List, Optional

from launch.bundle.differences import project

_IMAGE_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
_SUMMARY = re.compile(r"installed ([0-9]+) packages that the image lacks, (sha256:[0-9a-f]{64})")
_ENTRY = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?P<extras>\[[^\]]*\])?(?P<rest>[^;]*)(?P<marker>;.*)?$"
)
_TAGS = {"pytorch": "pytorchImageTag", "tensorflow": "tensorflowVersion"}


class LockError(ValueError):
    """It is not known what ran; the text says why."""


def pinned_image(env_params: Mapping[str, Any], image_id: str) -> Dict[str, Any]:
    """envParams with the digest of the image that ran."""
    found = _IMAGE_DIGEST.search(image_id)
    tag = _TAGS.get(str(env_params.get("frameworkType")))
    pinned = str(env_params[tag]).partition("@")[2] if tag else env_params["customBaseImage"].get("digest")
    if found is None and pinned:
        return dict(env_params)  # there is nothing left to find out
    if found is None:
        raise LockError(
            f"status.imageID is {image_id or 'not set'}, which names no digest of a registry: an image that was loaded "
            "onto the node, or never ran, cannot be pinned. Push it to a registry and let the bundle run once; or pin "
            "`--only requirements`"
        )
    if tag is None:
        image = {**env_params["customBaseImage"], "digest": found[1]}
        return {**env_params, "customBaseImage": image}
    return {**env_params, tag: f"{str(env_params[tag]).partition('@')[0]}@{found[1]}"}


def installed_in_log(log: str, digest: str) -> Optional[List[str]]:
    """The list that install printed, where its hash is the digest; None when the log has no such list."""
    lines = log.splitlines()
    for at, line in enumerate(lines):
        summary = _SUMMARY.search(line)
        if summary is None or summary[2] != digest:
            continue
        listed = lines[at + 1 : at + 1 + int(summary[1])]
        if "sha256:" + hashlib.sha256("".join(f"{entry}\n" for entry in listed).encode()).hexdigest() == digest:
            return listed
    return None


def pinned_requirements(entries: Sequence[str], installed: Iterable[str]) -> List[str]:
    """Each entry at the version installed, then what came along with them.

    An entry that the image satisfied was not installed and stays as it is: the pinned image has the version. A direct
    reference (name @ URL) stays too.
    """
    versions = {project(line): line for line in installed}
    asked = [_pinned(entry, versions) for entry in entries]
    named = {project(entry) for entry in entries}
    return [*asked, *(line for name, line in versions.items() if name not in named)]


def _pinned(entry: str, versions: Mapping[str, str]) -> str:
    parts, line = _ENTRY.match(entry), versions.get(project(entry))
    if parts is None or line is None or parts["rest"].strip().startswith("@"):
        return entry
    marker = f" {parts['marker']}" if parts["marker"] else ""
    return f"{parts['name']}{parts['extras'] or ''}=={line.partition('==')[2]}{marker}"
