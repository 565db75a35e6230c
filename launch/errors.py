"""Everything that `launch` raises on purpose, in one tree: except LaunchError catches all of it.

Where the original raised ValueError, TypeError or NotImplementedError, ours is one of these too, so code that catches
the built-in goes on working. Every message says what happened, where, and what to do next.
"""

from __future__ import annotations

from typing import Any


class LaunchError(Exception):
    """Base of what the client raises."""


class InvalidBundleError(LaunchError, ValueError):
    """What was given makes no bundle; nothing was uploaded or created."""


class WrongTypeError(LaunchError, TypeError):
    """An argument is of a type that cannot be meant."""


class NotPicklableError(LaunchError, TypeError):
    """The functions or the model cannot be pickled; the message names the object."""


class NotSupportedError(LaunchError, NotImplementedError):
    """An option of the original that this version cannot do; it is refused rather than ignored."""


class StoreError(LaunchError):
    """The artifact store cannot be reached or refuses."""


class BundleFailedError(LaunchError):
    """The bundle is Stalled, or was deleted while it was waited for."""


class WaitTimeoutError(LaunchError, TimeoutError):
    """What was waited for did not come in time."""


class APIError(LaunchError):
    """The API server's answer, or that there is none (status 0)."""

    def __init__(self, status: int, message: str, reason: str = "", body: Any = None) -> None:
        super().__init__(message)
        self.status = self.status_code = status
        self.reason = reason
        self.body = body


class LaunchWarning(UserWarning):
    """The bundle is made, and it will hardly work: what is wrong, and where."""
