"""Which file each package is installed from: the sha256 of a wheel, or of an sdist that is built here.

uv says so in a lock of its own (pylock.toml, PEP 751) of the versions that it has resolved: what it would install on
this machine, and nothing else. It is told in install's log, where `modelbundle lock` reads it. A lock says more and
decides nothing: where uv cannot make one, the packages are installed all the same.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Dict, List, NamedTuple

from bundle_runtime.contract.layer import FILES, LONGEST_NAME, MOST_NAMES
from bundle_runtime.worker.install.requires import normalised
from bundle_runtime.worker.install.resolution import (
    Resolved,
    Workplace,
    build_arguments,
    seen_by_builds,
    write_lines,
)
from bundle_runtime.worker.install.uv import UvFailedError, run_uv

FROM_SOURCE = "  # built from source"
_NAME = re.compile(r'^name = "([^"]+)"', re.MULTILINE)
_FILE = re.compile(r'url = "(?P<url>[^"]*)"|path = "(?P<path>[^"]*)"')
_SHA256 = re.compile(r'sha256 = "([0-9a-f]{64})"')
_KIND = re.compile(r"^(wheels|sdist|archive) = ", re.MULTILINE)


class File(NamedTuple):
    """The sha256 in hex, "" where it is not known, and whether the package is built from it."""

    sha256: str
    from_source: bool


def files_of(
    place: Workplace, entries: Sequence[str], lines: Iterable[Resolved], hashes: Mapping[str, Sequence[str]]
) -> Dict[str, File]:
    """By the name of each package. Where the entry has a hash, nothing else is installed than a file with it.

    Before the installation: of an index that tells no hashes uv downloads the files for it, and has them then.
    """
    scratch = tempfile.mkdtemp(dir=place.scratch)
    listed = write_lines(os.path.join(scratch, "resolved.in"), [line.line for line in lines])
    output = os.path.join(scratch, "pylock.toml")
    arguments = ["pip", "compile", "--python", sys.executable, "--no-deps", "--format", "pylock.toml"]
    arguments += ["--output-file", output, *build_arguments(place, entries, scratch), listed]
    try:
        run_uv(place.uv, arguments, place.cache, seen_by_builds(scratch))
        with open(output, encoding="utf-8") as file:
            found = read_lock(file.read())
    except (UvFailedError, OSError, ValueError) as error:
        print(f"it is not known which files are installed: {error}", file=sys.stderr, flush=True)
        found = {}
    for name, allowed in hashes.items():
        there = found.get(name)
        if len(allowed) == 1 and (there is None or there.sha256 != allowed[0]):
            found[name] = File(allowed[0], there is not None and there.from_source)
    return found


def read_lock(text: str) -> Dict[str, File]:
    """Of uv's pylock.toml, which names one wheel of a package at most: the one that fits here."""
    found = {}
    for package in text.split("[[packages]]")[1:]:
        name = _NAME.search(package)
        parts = _KIND.split(package)
        kinds = dict(zip(parts[1::2], parts[2::2]))
        kind = next((kind for kind in ("wheels", "archive", "sdist") if kind in kinds), None)
        if name is None or kind is None:
            continue
        where = _FILE.search(kinds[kind])
        url = (where["url"] or where["path"] or "") if where else ""
        hashes = _SHA256.findall(kinds[kind])
        is_wheel = kind == "wheels" or re.sub(r"[?#].*", "", url).endswith(".whl")
        found[normalised(name[1])] = File(hashes[0] if len(hashes) == 1 else "", not is_wheel)
    return found


def write_files(directory: str, installed: Iterable[str], files: Mapping[str, File]) -> None:
    """A line for each package: as a requirements file has it, with a comment where it was built."""
    written = []
    for line in installed:
        file = files.get(line.partition("==")[0], File("", False))
        sha256 = f" --hash=sha256:{file.sha256}" if file.sha256 else ""
        written.append(f"{line}{sha256}{FROM_SOURCE if file.from_source else ''}")
    write_lines(os.path.join(directory, FILES), written)


def tell_files(content: bytes) -> Dict[str, Any]:
    """Print the lines for `modelbundle lock`; what the report says of them. Nothing of a layer that has none."""
    lines = content.decode("utf-8", "replace").splitlines()
    if not lines:
        return {}
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    print(f"files of these {len(lines)} packages, {digest}")
    print("\n".join(lines), flush=True)
    built = from_source(lines)
    named = [name[:LONGEST_NAME] for name in built[:MOST_NAMES]]
    return {"files": digest, **({"fromSource": named} if named else {})}


def from_source(lines: Iterable[str]) -> List[str]:
    """The packages that were built here."""
    return [line.split(" ")[0] for line in lines if line.endswith(FROM_SOURCE)]
