"""How long to wait before what has failed is tried again."""

_MOST_DOUBLINGS = 64  # beyond it every pause is the longest; a float has room for a thousand


def backoff(failures: int, *, first: float, longest: float) -> float:
    """Seconds before the next try after so many failures before this one: `first`, then twice as long each time, up to
    `longest`, however often."""
    return min(first * 2.0 ** min(failures, _MOST_DOUBLINGS), longest)
