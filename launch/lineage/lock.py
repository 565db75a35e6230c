"""Pins for what a bundle left open: the digest of the image that ran, the versions that were installed. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Dict, List, NamedTuple, Optional

from bundle_spec.requirement_rule import LONGEST_ENTRY, split_hashes, without_comment
from launch.bundle.differences import project

_IMAGE_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
_SUMMARY = re.compile(r"installed ([0-9]+) packages that the image lacks, (sha256:[0-9a-f]{64})")
_FILES = re.compile(r"files of these ([0-9]+) packages, (sha256:[0-9a-f]{64})")
_FILE = re.compile(r"(?P<pinned>[^ ]+)(?: --hash=sha256:(?P<sha256>[0-9a-f]{64}))?(?P<built>  # built from source)?")
_ENTRY = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?P<extras>\[[^\]]*\])?(?P<rest>[^;]*)(?P<marker>;.*)?$"
)
_TAGS = {"pytorch": "pytorchImageTag", "tensorflow": "tensorflowVersion"}


class Locked(NamedTuple):
    """Entries with pins; why they have no hashes, where they have none; and which packages were built from source."""

    entries: List[str]
    no_hashes: str = ""
    built: Sequence[str] = ()


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
    return _list_in(log, _SUMMARY, digest)


def files_in_log(log: str, digest: str) -> Optional[List[str]]:
    """The same list with the hash of each file, where the log has it."""
    return _list_in(log, _FILES, digest)


def _list_in(log: str, above: "re.Pattern[str]", digest: str) -> Optional[List[str]]:
    lines = log.splitlines()
    for at, line in enumerate(lines):
        summary = above.search(line)
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
    entries = [split_hashes(entry)[0] for entry in entries]
    versions = {project(line): line for line in installed}
    asked = [_pinned(entry, versions) for entry in entries]
    named = {project(entry) for entry in entries}
    return [*asked, *(line for name, line in versions.items() if name not in named)]


def with_hashes(pinned: Sequence[str], files: Iterable[str], entries: Sequence[str] = ()) -> Locked:
    """The pinned ones with the hash of the file that each was installed from: all of them or none, as install asks for.

    What the image had keeps the hashes that it has in `entries`.
    """
    read = {project(line): found for line in files if (found := _FILE.fullmatch(line)) is not None}
    built = [found["pinned"] for found in read.values() if found["built"]]
    lacking = [found["pinned"] for found in read.values() if not found["sha256"]]
    if lacking:
        return Locked(list(pinned), f"that of {', '.join(lacking)} is not known", built)
    hashes = {project(entry): split_hashes(entry)[1] for entry in entries}
    hashes.update({name: [found["sha256"]] for name, found in read.items()})
    hashed = [_hashed(without_comment(entry), hashes) for entry in pinned]
    if longest := next((entry for entry in hashed if len(entry) > LONGEST_ENTRY), ""):
        return Locked(list(pinned), f"with it, {project(longest)} has more than {LONGEST_ENTRY} characters", built)
    return Locked(hashed, built=built)


def _hashed(entry: str, hashes: Mapping[str, Sequence[str]]) -> str:
    return " ".join([entry, *(f"--hash=sha256:{sha256}" for sha256 in hashes.get(project(entry), ()))])


def _pinned(entry: str, versions: Mapping[str, str]) -> str:
    parts, line = _ENTRY.match(entry), versions.get(project(entry))
    if parts is None or line is None or parts["rest"].strip().startswith("@"):
        return entry
    marker = f" {parts['marker']}" if parts["marker"] else ""
    return f"{parts['name']}{parts['extras'] or ''}=={line.partition('==')[2]}{marker}"
