"""The operator's families of failure, because the loop needs to know only one thing: what would help?

OperatorError
 +-- Transient         trying again may help, after `after` seconds where the API server named a time
 |    +-- Conflict     the object is another one than the write was decided on: decide again
 |    +-- NotLeading   the Lease is lost, and nothing is sent: another operator decides
 +-- Terminal          only an edit by the user helps: becomes the condition `Stalled` with this reason and message
 +-- BaseUnavailable   another bundle has to appear or change: a condition, and a reconcile when that bundle changes

Anything else that is raised is a bug: logged with its traceback and retried like a Transient.
"""


class OperatorError(Exception):
    """The base of what the operator raises on purpose."""


class Transient(OperatorError):
    """Trying again may help."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.after = after


class Conflict(Transient):
    """The API server has another version of the object, or one where there was none. Part of the usual course."""


class NotLeading(Transient):
    """A write that is not sent, as this operator no longer holds the Lease."""


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
