"""Asks uv which versions go together with the image: what is compiled there stays, the rest is preferred.

A package that is laid over the image's must not break what stays: what the compiled ones need of pure ones is a
constraint, and pure ones that would be broken are resolved along, until they too go with the rest.
"""

from __future__ import annotations

import os
import re
import shutil
import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bundle_runtime.worker.install.image_packages import ImagePackage, write_stubs
from bundle_runtime.worker.install.pep440 import parsed, same
from bundle_runtime.worker.install.requires import Need, marker_environment, needs, normalised, satisfied
from bundle_runtime.worker.install.uv import UvFailedError, run_uv
from bundle_spec.requirement_rule import package_name

_VIA = re.compile(r"\s+# via (?P<via>.*)$")
_PLAIN = re.compile(r"[A-Za-z0-9._-]+\s*\(?[<>=!~][^;@]*(;.*)?")


class Resolved(NamedTuple):
    """One line of a resolution: as uv takes it, its normalised name, its version, and which packages asked for it."""

    line: str
    name: str
    version: str  # "" of a direct reference
    via: tuple[str, ...]


class Claim(NamedTuple):
    """What a package of the image needs of another package of the image, and has."""

    package: ImagePackage
    need: Need


class Workplace(NamedTuple):
    """What a resolution takes beside the entries: where uv is, its cache, a scratch directory, and the image."""

    uv: str
    cache: str
    scratch: str
    image: Mapping[str, ImagePackage]


class ImageBrokenError(Exception):
    """What was resolved excludes a pure package of the image, and no other version of that one goes with it."""

    def __init__(self, claims: Sequence[Claim], lines: Sequence[Resolved], failed: UvFailedError | None) -> None:
        super().__init__(failed.said if failed else "")
        self.claims = claims
        self.lines = lines
        self.failed = failed


def resolve(place: Workplace, entries: Sequence[str], seconds: float | None = None) -> list[Resolved]:
    """What the entries lead to, with the image's compiled packages fixed; UvFailedError, ImageBrokenError."""
    lines = compiled(place, entries, seconds=seconds)
    along: list[str] = []
    while True:
        broken = broken_claims(lines, place.image)
        new = {claim.package.name for claim in broken} - set(along)
        if not broken:
            return lines
        if not new:
            raise ImageBrokenError(broken, lines, None)
        along += sorted(new)
        try:
            lines = compiled(place, entries, along, seconds=seconds)
        except UvFailedError as failed:
            raise ImageBrokenError(broken, lines, failed) from failed


def compiled(
    place: Workplace,
    entries: Sequence[str],
    along: Iterable[str] = (),
    *,
    with_image: bool = True,
    seconds: float | None = None,
) -> list[Resolved]:
    """One run of `uv pip compile`. Without the image its versions are preferred and none is fixed."""
    scratch = tempfile.mkdtemp(dir=place.scratch)
    stubs = os.path.join(scratch, "stubs")
    os.mkdir(stubs)
    constraints, overrides = write_stubs(place.image.values(), stubs, along)
    # uv prefers what its output file says already
    preferred = [package for package in place.image.values() if package.comparable and not package.stays]
    if with_image:
        constraints += [_constraint(claim) for claim in claims_of_compiled(place.image)]
    else:
        preferred = [package for package in place.image.values() if package.comparable]
        constraints = []
    output = write_lines(
        os.path.join(scratch, "resolved.txt"), [f"{package.name}=={package.shown}" for package in preferred]
    )
    arguments = ["pip", "compile", "--python", sys.executable, "--no-header", "--annotation-style", "line"]
    arguments += ["--find-links", stubs, "--output-file", output, *build_arguments(place, entries, scratch)]
    if constraints:
        arguments += ["--constraint", write_lines(os.path.join(scratch, "image.txt"), constraints)]
    if overrides:
        arguments += ["--override", write_lines(os.path.join(scratch, "overrides.txt"), overrides)]
    arguments.append(write_lines(os.path.join(scratch, "requirements.in"), [*entries, *along]))
    try:
        run_uv(place.uv, arguments, place.cache, seen_by_builds(scratch), seconds)
        with open(output, encoding="utf-8") as file:
            return read_lines(file)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def build_arguments(place: Workplace, entries: Sequence[str], scratch: str) -> list[str]:
    """Builds of sdists keep to the list's own versions (setuptools<81) and link against nothing newer than the image.

    An upper bound and not a pin: many sdists ask for the oldest NumPy on purpose, and what is built with an older one
    runs with the image's.
    """
    compiled_ones = [item for item in place.image.values() if item.comparable and item.stays]
    bounds = [f"{item.name}<={item.shown.partition('+')[0]}" for item in compiled_ones]
    own = [entry for entry in entries if _PLAIN.fullmatch(entry)]
    if not bounds + own:
        return []
    return ["--build-constraints", write_lines(os.path.join(scratch, "builds.txt"), bounds + own)]


def seen_by_builds(scratch: str) -> str:
    """A directory for PYTHONPATH that shows the image's packages to builds, behind those that a build asks for."""
    directory = os.path.join(scratch, "seen_by_builds")
    os.makedirs(directory, exist_ok=True)
    program = [
        "import sys",
        f"if sys.version_info[:2] == {tuple(sys.version_info[:2])!r} and sys.prefix != {sys.prefix!r}:",
        f"    sys.path.extend(path for path in {_image_paths()!r} if path not in sys.path)",
    ]
    write_lines(os.path.join(directory, "sitecustomize.py"), program)
    return directory


def _image_paths() -> list[str]:
    own = {os.path.realpath(path) for path in (os.getcwd(), *map(sysconfig.get_path, ("stdlib", "platstdlib")))}
    known = [path for path in sys.path if os.path.isdir(path) and os.path.basename(path) != "lib-dynload"]
    found = [path for path in known if os.path.realpath(path) not in own]
    return found or list(site.getsitepackages())


def claims_of_compiled(image: Mapping[str, ImagePackage]) -> list[Claim]:
    """What the packages that stay need of those that may be laid over, where the image itself keeps to it."""
    return [claim for claim in _claims(image) if claim.package.stays]


def broken_claims(lines: Iterable[Resolved], image: Mapping[str, ImagePackage]) -> list[Claim]:
    """What packages of the image, as they would be left, need and would not find any more."""
    versions = {line.name: line.version for line in lines if line.version}
    broken = []
    for claim in _claims(image):
        left = versions.get(claim.package.name)
        if left is not None and not same(left, claim.package.shown):
            continue  # laid over itself: uv has looked at what the new one needs
        if claim.need.name in versions and satisfied(claim.need, versions[claim.need.name]) is False:
            broken.append(claim)
    return broken


def _claims(image: Mapping[str, ImagePackage]) -> list[Claim]:
    found = []
    here = marker_environment()
    for package in image.values():
        for need in needs(package.requires, here):
            other = image.get(need.name)
            if other is None or other.stays or not need.specifier:
                continue
            if satisfied(need, other.shown):
                found.append(Claim(package, need))
    return found


def _constraint(claim: Claim) -> str:
    return f"{claim.need.name}{claim.need.specifier}"


def read_lines(text: Iterable[str]) -> list[Resolved]:
    """The lines of uv's output, each with what it says behind `# via`."""
    found = []
    for written in text:
        match = _VIA.search(written.rstrip())
        line = written[: match.start()].strip() if match else written.strip()
        name = package_name(line)
        if not line or line.startswith("#") or not name:
            continue
        version = line.partition("==")[2].partition(";")[0].strip() if "@" not in line else ""
        via = tuple(normalised(part.strip()) for part in match["via"].split(",")) if match else ()
        found.append(Resolved(line, normalised(name), version if parsed(version) else "", via))
    return found


def write_lines(path: str, lines: Iterable[str]) -> str:
    """The path, once the lines are in the file."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
    return path
