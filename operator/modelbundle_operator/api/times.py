"""Times as Kubernetes writes them: RFC 3339 in UTC."""

from datetime import UTC, datetime, timedelta


def timestamp(moment: datetime) -> str:
    """In whole seconds, the rest cut off."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp_not_before(moment: datetime) -> str:
    """In whole seconds, rounded up: a deadline that is never too early."""
    return timestamp(moment + timedelta(seconds=0.999999))


def timestamp_micros(moment: datetime) -> str:
    """With microseconds, as eventTime has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str | None) -> datetime | None:
    """The moment; None for an absent one."""
    return datetime.fromisoformat(text) if text else None


def seconds_between(earlier: datetime | None, later: datetime | None) -> float | None:
    """Seconds from one moment to another; None when either is unknown."""
    return (later - earlier).total_seconds() if earlier is not None and later is not None else None
