"""The operator's families of failure, because the loop needs to know only one thing: what would help?

OperatorError
 +-- Transient         trying again may help, after `after` seconds where the API server named a time
 |    +-- Conflict     the object is another one than the write was decided on: decide again
 |    +-- NotLeading   the Lease is lost, and nothing is sent: another operator decides
 +-- Terminal          only an edit by the user helps: becomes the condition `Stalled` with this reason and message
 +-- BaseUnavailable   another bundle has to appear or change: a condition, and a reconcile when that bundle changes

Anything else that is raised is a bug: logged with its traceback and retried like a Transient.
"""

from typing import ClassVar, NamedTuple


class OperatorError(Exception):
    """The base of what the operator raises on purpose."""


class Cause(NamedTuple):
    """What hinders an object, and others with the same one alike."""

    name: str  # of the kind of cause, as metrics have it
    subject: str = ""  # such as the name of a webhook
    namespace: str = ""  # where it hinders; empty: everywhere
    room: bool = False  # ends where an object is deleted


class Transient(OperatorError):
    """Trying again may help. `status`: the HTTP status of the answer, 0 where there was none.

    `tries_before_words`: from this try in a row on the object's condition says what hinders it.
    """

    tries_before_words: ClassVar[int] = 2

    def __init__(
        self, message: str, after: float | None = None, *, status: int = 0, cause: Cause | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.after = after
        self.status = status
        self.cause = cause


class Conflict(Transient):
    """The API server has another version of the object, or one where there was none. Part of the usual course."""

    tries_before_words = 5


class NotLeading(Transient):
    """A write that is not sent, as this operator no longer holds the Lease. No object says so: that is a write too."""

    tries_before_words = 1_000_000


class Terminal(OperatorError):
    """Trying again does not help. `reason` is a condition reason; `message` says what, where and what to do next."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = str(reason)
        self.message = message


class BaseUnavailable(OperatorError):
    """A clone's base, the bundle called `base`, is not there or not fit; `stalled` when waiting alone will not do."""

    def __init__(self, reason: str, message: str, base: str, *, stalled: bool = False) -> None:
        super().__init__(message)
        self.reason = str(reason)
        self.message = message
        self.base = base
        self.stalled = stalled
