"""Who may lead, decided from the Lease as it was read and from this process's own clock. Pure: the times are given.

Clocks of two machines differ, so the times that stand in a Lease are compared with nothing. A holder that renews writes
something new each time; a candidate counts, by its own clock, since when it has read the same. As the holder counts
from before it sent its last renewal, and stops after less, it has stopped before any candidate has counted to the end.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

LEASE_SECONDS = 10
WRITE_SECONDS = 3.5  # of any write of the holder: what it sent last is over before another one may begin
# at most so long is waited for a duration that another program wrote into the Lease
_LONGEST_LEASE_SECONDS = 60


@dataclass(frozen=True)
class Times:
    """Seconds, each by the clock of the process that counts them."""

    lease: float = LEASE_SECONDS  # a candidate that has read the same for so long takes over
    renew: float = 6.0  # a holder whose last renewal is older than this writes no more
    retry: float = 2.0  # between two renewals, and between two looks of a candidate
    call: float = 3.0  # of one call about the Lease: a second one has to fit before it is lost
    after_failure: float = 0.5


@dataclass(frozen=True)
class Lease:
    """A Lease as it stands; `version` is that of the object, `acquired` and `renewed` are text and only compared."""

    holder: str
    seconds: int
    acquired: str
    renewed: str
    transitions: int
    version: str


@dataclass(frozen=True)
class Sighting:
    """What a candidate has read: the Lease, None where there is none; who had it last, and since when that is known."""

    lease: Lease | None = None
    last: Lease | None = None
    since: float = 0.0


class Step(Enum):
    """What a candidate does next."""

    CREATE = auto()
    TAKE = auto()
    WAIT = auto()


@dataclass(frozen=True)
class Decision:
    """The step, and how long to wait."""

    step: Step
    seconds: float = 0.0


def sighted(before: Sighting, found: Lease | None, now: float) -> Sighting:
    """What is known after one more read. A Lease that was deleted leaves its holder the time that it had."""
    if found is None:
        return replace(before, lease=None)
    if before.last is not None and _claim(found) == _claim(before.last):
        return replace(before, lease=found)
    return Sighting(found, found, now)


def decide(sighting: Sighting, identity: str, now: float, times: Times) -> Decision:
    """What the candidate `identity` does."""
    last = sighting.last
    if last is not None and last.holder not in ("", identity):
        left = sighting.since + min(max(last.seconds, times.lease), _LONGEST_LEASE_SECONDS) - now
        if left > 0:
            return Decision(Step.WAIT, min(left, times.retry))
    return Decision(Step.CREATE if sighting.lease is None else Step.TAKE)


def _claim(lease: Lease) -> tuple[str, str]:
    return lease.holder, lease.renewed
