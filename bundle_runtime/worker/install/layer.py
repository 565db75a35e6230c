"""A layer of requirements in place of an installation: taken where it was made for these entries and this image.

What is asked for once and kept in a store may meet another image, as when a tag was moved: install then does its own
work, as if there were no layer.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple

from bundle_runtime.contract.layer import DESCRIPTION, INSTALLED, MISMATCH, read_reference
from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker.install.image_packages import image_versions

_MOST_BYTES = 4 << 20  # of files that are read whole; a bundle document is smaller


class Layer(NamedTuple):
    """What prepare unpacked: its digest, and the list of what is in it; or why it is of no use here."""

    digest: str = ""
    listed: bytes = b""
    failure: str = ""

    def failed(self) -> Dict[str, Any]:
        """As the report says it."""
        return {"layerFailed": {"why": MISMATCH, "message": self.failure}} if self.failure else {}


def find_layer(layout: Layout, entries: List[str]) -> Layer:
    """The layer that prepare has put beside the requirements, compared."""
    if not os.path.isdir(layout.layer_dir):
        return Layer()
    try:
        reference = read_reference(layout.layer_mark_file)
        made_for = json.loads(_read(os.path.join(layout.layer_dir, DESCRIPTION)).decode("utf-8"))
        listed = _read(os.path.join(layout.layer_dir, INSTALLED))
        listed.decode("utf-8")
    except (OSError, ValueError, RecursionError) as error:
        return Layer(failure=f"the layer cannot be read: {error}")
    if reference is None:
        return Layer(failure=f"{layout.layer_mark_file} is not there, so it is not known which layer this is")
    here = description(entries, image_versions())
    if not isinstance(made_for, dict) or made_for.get("requirements") != here["requirements"]:
        return Layer(failure=f"the layer {reference.digest} was made for other requirements")
    if made_for.get("image") != here["image"]:
        return Layer(
            failure=f"the layer {reference.digest} was made for another image, Python or machine than this one: the "
            "image's tag may have been moved since. A bundle that names the image by its digest is not hit by that"
        )
    return Layer(reference.digest, listed)


def description(entries: List[str], versions: Mapping[str, str]) -> Dict[str, Any]:
    """What an installation was made for. Not only packages: scripts name the interpreter, and what is compiled asks
    for the machine and its C library."""
    told = [sys.version, str(sys.executable), platform.machine(), _libc()]
    told += sorted(f"{name}=={version}" for name, version in versions.items())
    fingerprint = "sha256:" + hashlib.sha256("\n".join(told).encode("utf-8", "backslashreplace")).hexdigest()
    return {"requirements": list(entries), "image": fingerprint}


def _libc() -> str:
    try:
        return " ".join(platform.libc_ver())
    except (OSError, ValueError):  # it reads the interpreter's file, where the system does not say
        return ""


def describe(directory: str, entries: List[str], versions: Mapping[str, str]) -> None:
    """Leave the description where whoever packs the directory takes it along."""
    with open(os.path.join(directory, DESCRIPTION), "w", encoding="utf-8") as file:
        json.dump(description(entries, versions), file)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"{path} has more than {_MOST_BYTES} bytes")
    return content
