"""The bundle's requirement entries as they are installed: checked once more, without what the image has, and each by
its hash where one of them has one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bundle_runtime.contract.report import INSTALL_FAILED, fail
from bundle_runtime.worker.install.image_packages import ImagePackage
from bundle_runtime.worker.install.pep440 import same
from bundle_runtime.worker.install.requires import normalised
from bundle_runtime.worker.install.resolution import Resolved
from bundle_spec.requirement_rule import (
    EXAMPLE,
    package_name,
    problem,
    split_hashes,
    without_comment,
    without_login,
)


def check_entries(entries: Iterable[str]) -> list[str]:
    """The entries without comments and hashes, when the rule takes each; InstallFailed names all that it does not."""
    checked, refused = [], []
    for index, entry in enumerate(entries):
        text = without_comment(entry)
        if not text:
            continue
        why = problem(text)
        if why:
            refused.append(f"requirements[{index}] is {without_login(entry)!r}: {why}")
        checked.append(split_hashes(text)[0])
    if refused:
        raise fail(INSTALL_FAILED, f"{'; '.join(refused)}. {EXAMPLE}; make a new bundle.")
    return checked


def hashes_of(entries: Iterable[str]) -> dict[str, list[str]]:
    """By the name of each package, the sha256 of the files that may be installed for it."""
    found: dict[str, list[str]] = {}
    for text, hashes in map(split_hashes, entries):
        if hashes:
            found.setdefault(normalised(package_name(text) or ""), []).extend(hashes)
    return found


def with_hashes(lines: Iterable[Resolved], hashes: Mapping[str, Sequence[str]]) -> list[str]:
    """The lines as uv installs them. Where one entry has a hash, nothing is installed without one, as with pip."""
    if not hashes:
        return [line.line for line in lines]
    written = []
    for line in lines:
        if line.name not in hashes:
            asked = [name for name in line.via if not name.startswith("-")]
            along = f", which came along for {', '.join(asked)}," if asked else ""
            raise fail(
                INSTALL_FAILED,
                f"{line.line}{along} has no hash in requirements, and others have: either each package that is "
                "installed has one or none. `modelbundle lock` writes the whole list of a bundle that has run",
            )
        written.append(" ".join([line.line, *(f"--hash=sha256:{sha256}" for sha256 in hashes[line.name])]))
    return written


def left_to_install(resolved: Iterable[Resolved], image: Mapping[str, ImagePackage]) -> list[Resolved]:
    """The lines of a resolution that the image does not have: not at all, or pure Python in another version."""
    left = []
    for line in resolved:
        there = image.get(line.name)
        if there is None or (not there.stays and not same(line.version, there.shown)):
            left.append(line)
    return left


def laid_over(lines: Iterable[Resolved], image: Mapping[str, ImagePackage]) -> list[str]:
    """A sentence for each line that takes the place of a package of the image."""
    said = []
    for line in lines:
        there = image.get(line.name)
        if there is not None:
            asked = [name for name in line.via if not name.startswith("-")]
            version = line.version or line.line
            said.append(
                f"{line.name} {version} is laid over the image's {there.version}, for "
                f"{', '.join(asked) or 'the requirements'}"
            )
    return said
