"""The bundle's requirement entries as they are installed: checked once more, and without what the image has. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable

from bundle_runtime.contract.report import INSTALL_FAILED, fail
from bundle_runtime.worker.install.image_packages import normalised
from bundle_spec.requirement_rule import EXAMPLE, package_name, problem, without_comment


def check_entries(entries: Iterable[str]) -> list[str]:
    """The entries, without comments, when the rule takes each; InstallFailed names the first that it does not."""
    checked = []
    for index, entry in enumerate(entries):
        text = without_comment(entry)
        if not text:
            continue
        refused = problem(text)
        if refused:
            raise fail(INSTALL_FAILED, f"requirements[{index}] is {entry!r}: {refused}. {EXAMPLE}; make a new bundle.")
        checked.append(text)
    return checked


def left_to_install(resolved: Iterable[str], present: Container[str]) -> list[str]:
    """The lines of a resolution whose package the image lacks; `present` are normalised names."""
    left = []
    for line in resolved:
        name = package_name(line)
        if line.strip() and not line.lstrip().startswith("#") and name and normalised(name) not in present:
            left.append(line.strip())
    return left
