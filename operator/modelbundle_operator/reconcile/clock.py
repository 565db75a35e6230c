"""The clock of the reconcilers, in one place so that tests can replace it."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)
