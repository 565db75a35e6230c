"""Everything that `launch` raises on purpose, in one tree: except LaunchError catches all of it.

Where the original raised ValueError, TypeError or NotImplementedError, ours is one of these too, so code that catches
the built-in goes on working. Every message says what happened, where, and what to do next.
"""

from __future__ import annotations

from typing import Any

SHOWN = 3  # of the places where a value breaks its schema; `details` has all


class LaunchError(Exception):
    """Base of what the client raises."""


class InvalidBundleError(LaunchError, ValueError):
    """What was given does not make a bundle; nothing was uploaded or created."""


class WrongTypeError(LaunchError, TypeError):
    """An argument is of a type that cannot be meant."""


class NotPicklableError(LaunchError, TypeError):
    """The functions or the model cannot be pickled; the message names the object."""


class NotSupportedError(LaunchError, NotImplementedError):
    """An option of the original that this version cannot do; it is refused rather than ignored."""


class NoSuchMethodError(NotSupportedError, AttributeError):
    """A method of the original that is not part of this product; hasattr() says False."""


class StoreError(LaunchError):
    """The artifact store cannot be reached or refuses."""


class BundleFailedError(LaunchError):
    """What was waited for cannot come: `reason` is Stalled, or NotFound when it was deleted meanwhile."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class WaitTimeoutError(LaunchError, TimeoutError):
    """What was waited for did not come in time."""


class PredictionError(LaunchError):
    """The bundle answered with an error: `status` is HTTP's, `code` the runtime's, such as PredictFailed."""

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        places = [detail for detail in details or [] if isinstance(detail, dict) and "path" in detail]
        where = "".join(f"; {place['path']}: {place.get('message')}" for place in places[:SHOWN])
        super().__init__(f"{status} {code}: {message}{where}")
        self.status = self.status_code = status
        self.code = code
        self.message = message
        self.details = details or []


class APIError(LaunchError):
    """The API server's answer, or that there is none (status 0)."""

    def __init__(self, status: int, message: str, reason: str = "", body: Any = None) -> None:
        super().__init__(message)
        self.status = self.status_code = status
        self.reason = reason
        self.body = body


class LaunchWarning(UserWarning):
    """The bundle is made, and it will hardly work: what is wrong, and where."""
