"""Why a directory cannot become a bundle, always in three lines: what is wrong, where, and what to do."""

from __future__ import annotations

from launch.errors import InvalidBundleError


def refused(what: str, where: object, do: str) -> InvalidBundleError:
    """The error to raise."""
    return InvalidBundleError(f"{what}\n  where: {where}\n  do: {do}")
