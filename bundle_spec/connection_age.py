"""How long a client may keep a connection to the server: what a ModelEndpoint that moves counts on.

A connection is bound to one pod. When the endpoint moves to another bundle, or pods are added, connections that are
kept open would stay where they are forever. So the server ends each in good time: with `connection: close` on the
answer to a request, which loses none, or in silence when it has been idle.
"""

from __future__ import annotations

# an answer on a connection that is older than that is its last one
CONNECTION_SECONDS = 30.0
# without a request; load balancers keep theirs for 60, and one that the server ends first may lose them a request
DEFAULT_IDLE_SECONDS = 75
# of servers that take no --idle-seconds: those of 0.1.0
FIRST_IDLE_SECONDS = 15
IDLE_OPTION = "--idle-seconds"
# what a bundle may ask for
LONGEST_IDLE_SECONDS = 3600


def idle_seconds_of(text: str) -> int | None:
    """Such a time, of a text that anybody may have written; None where no bundle asks for that."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(LONGEST_IDLE_SECONDS)) else 0
    return number if 1 <= number <= LONGEST_IDLE_SECONDS else None


def max_connection_age(idle_seconds: float) -> float:
    """A connection that is younger than this may exist: one that was used just before it was too old, and then idle;
    the server looks once a second."""
    return CONNECTION_SECONDS + idle_seconds + 1.0
