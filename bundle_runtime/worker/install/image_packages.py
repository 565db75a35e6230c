"""What the user's image already has, shown to uv in the only way it understands: as wheels that it can choose.

uv does not look into an image's site-packages, so on its own it would install a second torch beside the image's. Every
distribution of the image therefore becomes a stub wheel in a directory for --find-links and an exact constraint: the
resolver must take the image's version, whatever its local tag (1.7.1+cu110) and whether any index has it.
"""

from __future__ import annotations

import glob
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterable
from importlib import metadata

# PEP 440, loosely: what uv accepts in a wheel's file name; other versions (conda's "custom") cannot be compared
_VERSION = re.compile(
    r"(\d+!)?\d+(\.\d+)*([._-]?(a|b|c|rc|alpha|beta|pre|preview)[._-]?\d*)?"
    r"(-\d+|[._-]?(post|rev|r)[._-]?\d*)?([._-]?dev[._-]?\d*)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?",
    re.IGNORECASE,
)


class ImagePackage:
    """One distribution of the image: its normalised name, its version and what its extras would add."""

    def __init__(self, name: str, version: str, extras: Iterable[str] = (), extra_requires: Iterable[str] = ()) -> None:
        self.name = normalised(name)
        self.version = version
        self.extras = list(extras)
        self.extra_requires = list(extra_requires)

    @property
    def comparable(self) -> bool:
        return _VERSION.fullmatch(self.version) is not None


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def image_packages() -> dict[str, ImagePackage]:
    """By name, as the interpreter that runs this sees them; the first on sys.path wins, as in an import."""
    found: dict[str, ImagePackage] = {}
    for distribution in metadata.distributions():
        meta = distribution.metadata
        name, version = meta["Name"], meta["Version"]
        if not name or not version or normalised(name) in found:
            continue
        requires = [entry for entry in meta.get_all("Requires-Dist") or [] if re.search(r"\bextra\s*==", entry)]
        found[normalised(name)] = ImagePackage(name, version, meta.get_all("Provides-Extra") or [], requires)
    for package in _conda_packages(sys.prefix):
        found.setdefault(package.name, package)
    return found


def _conda_packages(prefix: str) -> list[ImagePackage]:
    """Python packages that conda installed without metadata; its libraries and programs are none of pip's business."""
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(prefix), "conda-meta", "*.json"))):
        try:
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            files = record.get("files", [])
            if any("site-packages/" in name and name.endswith((".py", ".so")) for name in files):
                found.append(ImagePackage(record["name"], record["version"]))
        except (OSError, ValueError, KeyError, AttributeError):
            continue  # a record that conda itself could not read
    return found


def write_stubs(packages: Iterable[ImagePackage], directory: str) -> tuple[list[str], list[str]]:
    """Stub wheels into the directory; returns uv's constraint lines and override lines.

    The stubs ask for nothing: how the image satisfied its own dependencies is its business. Extras stay, as a
    requirement may ask for them. A version that cannot be compared is taken out of the resolution by an override.
    """
    constraints, overrides = [], []
    for package in packages:
        if not package.comparable:
            overrides.append(f"{package.name} ; python_version < '0'")
            continue
        constraints.append(f"{package.name}=={package.version}")
        _write_stub(package, directory)
    return constraints, overrides


def _write_stub(package: ImagePackage, directory: str) -> None:
    stem = f"{package.name.replace('-', '_')}-{package.version.replace('-', '.')}"
    lines = ["Metadata-Version: 2.1", f"Name: {package.name}", f"Version: {package.version}"]
    lines += [f"Provides-Extra: {extra}" for extra in package.extras]
    lines += [f"Requires-Dist: {entry}" for entry in package.extra_requires]
    with zipfile.ZipFile(os.path.join(directory, f"{stem}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", "\n".join(lines) + "\n\n")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
