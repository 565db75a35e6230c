"""What the user's image already has, shown to uv in the only way it understands: as wheels that it can choose.

uv does not look into an image's site-packages, so on its own it would install a second torch beside the image's. Every
distribution of the image therefore becomes a stub wheel in a directory for --find-links. What is compiled stays: it is
an exact constraint too, so the resolver must take the image's version, whatever its local tag (1.7.1+cu110) and
whether any index has it. What is pure Python is preferred, and another version may be laid over it.
"""

from __future__ import annotations

import glob
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata

from bundle_runtime.worker.install.pep440 import parsed
from bundle_runtime.worker.install.requires import normalised

_COMPILED = re.compile(r"\.(so(\.\d+)*|pyd|dylib|dll)$", re.IGNORECASE)
# a vendor's build of what is not released: 2.1.0a0+32f93b1, 2.3.0.dev20240101+cu121
_UNRELEASED = re.compile(r"(?<=\d)[._-]?(alpha|beta|preview|pre|dev|rc|a|b|c)[._-]?\d*", re.IGNORECASE)


class ImagePackage:
    """One distribution of the image: its normalised name, its version and what its extras would add.

    `stays` is False for pure Python that another version may be laid over; `requires` are its Requires-Dist lines
    without those of extras; `entry_points` is the text of its file of that name.
    """

    def __init__(
        self,
        name: str,
        version: str,
        extras: Iterable[str] = (),
        extra_requires: Iterable[str] = (),
        *,
        stays: bool = True,
        requires: Iterable[str] = (),
        entry_points: str = "",
    ) -> None:
        self.name = normalised(name)
        self.version = version
        self.extras = list(extras)
        self.extra_requires = list(extra_requires)
        self.stays = stays
        self.requires = list(requires)
        self.entry_points = entry_points

    @property
    def comparable(self) -> bool:
        """Whether the version can be ordered: conda's "custom" cannot."""
        return parsed(self.version) is not None

    @property
    def shown(self) -> str:
        """The version as the resolver sees it: a vendor's 2.1.0a0+32f93b1 is what others mean by 2.1.0."""
        public, plus, local = self.version.partition("+")
        return (_UNRELEASED.sub("", public) if plus else public) + plus + local


def image_packages() -> dict[str, ImagePackage]:
    """By name, as the interpreter that runs this sees them; the first on sys.path wins, as in an import."""
    found: dict[str, ImagePackage] = {}
    for name, version, distribution in _distributions():
        meta = distribution.metadata
        listed = meta.get_all("Requires-Dist") or []
        of_extras = [entry for entry in listed if re.search(r"\bextra\s*==", entry)]
        found[normalised(name)] = ImagePackage(
            name,
            version,
            meta.get_all("Provides-Extra") or [],
            of_extras,
            stays=_stays(distribution, version),
            requires=[entry for entry in listed if entry not in of_extras],
            entry_points=distribution.read_text("entry_points.txt") or "",
        )
    for package in _conda_packages(sys.prefix):
        found.setdefault(package.name, package)
    return found


def image_versions() -> dict[str, str]:
    """The version of each of image_packages(), for who asks for no more: no file but its metadata is read."""
    found = {normalised(name): version for name, version, _ in _distributions()}
    for package in _conda_packages(sys.prefix):
        found.setdefault(package.name, package.version)
    return found


def _distributions() -> Iterator[tuple[str, str, metadata.Distribution]]:
    """Each project once, with its name and version."""
    seen: set[str] = set()
    for distribution in metadata.distributions():
        name, version = distribution.metadata["Name"], distribution.metadata["Version"]
        if name and version and normalised(name) not in seen:
            seen.add(normalised(name))
            yield name, version, distribution


def _stays(distribution: metadata.Distribution, version: str) -> bool:
    """False only where it is known to be pure Python of a release: not a vendor's or the image's own build of it."""
    known = parsed(version)
    if known is None or known.local or known.is_prerelease or _is_own(distribution):
        return True
    wheel = distribution.read_text("WHEEL") or ""
    if not re.search(r"^Root-Is-Purelib:\s*true\s*$", wheel, re.IGNORECASE | re.MULTILINE):
        return True
    files = distribution.files
    return files is None or any(_COMPILED.search(str(file)) for file in files)


def _is_own(distribution: metadata.Distribution) -> bool:
    """Installed from a directory, file or repository; conda builds all of its packages so, and they are releases."""
    installer = (distribution.read_text("INSTALLER") or "").strip()
    return bool(distribution.read_text("direct_url.json")) and installer != "conda"


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


def write_stubs(
    packages: Iterable[ImagePackage], directory: str, with_requires: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """Stub wheels into the directory; returns uv's constraint lines and override lines.

    The stubs ask for nothing: how the image satisfied its own dependencies is its business. Extras stay, as a
    requirement may ask for them; what `with_requires` names is resolved along, so it asks for what it needs. A version
    that cannot be compared is taken out of the resolution by an override.
    """
    constraints, overrides = [], []
    along = frozenset(with_requires)
    for package in packages:
        if not package.comparable:
            overrides.append(f"{package.name} ; python_version < '0'")
            continue
        if package.stays:
            constraints.append(f"{package.name}=={package.shown}")
        _write_stub(package, directory, package.requires if package.name in along else [])
    return constraints, overrides


def _write_stub(package: ImagePackage, directory: str, requires: list[str]) -> None:
    stem = f"{package.name.replace('-', '_')}-{package.shown.replace('-', '.')}"
    lines = ["Metadata-Version: 2.1", f"Name: {package.name}", f"Version: {package.shown}"]
    lines += [f"Provides-Extra: {extra}" for extra in package.extras]
    lines += [f"Requires-Dist: {entry}" for entry in [*requires, *package.extra_requires]]
    with zipfile.ZipFile(os.path.join(directory, f"{stem}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", "\n".join(lines) + "\n\n")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        if package.entry_points:  # builds see the image, through this stub: setuptools is nothing without its own
            wheel.writestr(f"{stem}.dist-info/entry_points.txt", package.entry_points)
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
