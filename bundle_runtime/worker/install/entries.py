"""The bundle's requirement entries as they are installed: checked once more, and without what the image has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bundle_runtime.contract.report import INSTALL_FAILED, fail
from bundle_runtime.worker.install.image_packages import ImagePackage
from bundle_runtime.worker.install.pep440 import same
from bundle_runtime.worker.install.resolution import Resolved
from bundle_spec.requirement_rule import EXAMPLE, problem, without_comment, without_login


def check_entries(entries: Iterable[str]) -> list[str]:
    """The entries, without comments, when the rule takes each; InstallFailed names all that it does not."""
    checked, refused = [], []
    for index, entry in enumerate(entries):
        text = without_comment(entry)
        if not text:
            continue
        why = problem(text)
        if why:
            refused.append(f"requirements[{index}] is {without_login(entry)!r}: {why}")
        checked.append(text)
    if refused:
        raise fail(INSTALL_FAILED, f"{'; '.join(refused)}. {EXAMPLE}; make a new bundle.")
    return checked


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
