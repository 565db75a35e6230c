"""Times as Kubernetes writes them: RFC 3339 in UTC."""

from collections.abc import Iterable
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
    """The moment, in UTC; None for an absent one, and for a text that the API server takes for one and is none: of the
    year 0, say, or without a zone."""
    try:
        moment = datetime.fromisoformat(text) if text else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def own_time(text: str | None) -> datetime | None:
    """The moment that `timestamp` has written; None for any other text, as others may write where it stands too."""
    moment = parse_time(text)
    return moment if moment is not None and timestamp(moment) == text else None


def seconds_between(earlier: datetime | None, later: datetime | None) -> float | None:
    """Seconds from one moment to another; None when either is unknown."""
    return (later - earlier).total_seconds() if earlier is not None and later is not None else None


def soonest(waits: Iterable[float | None]) -> float | None:
    """The shortest; None where nothing is waited for."""
    return min((seconds for seconds in waits if seconds is not None), default=None)
