"""The operator's two families of failure, because the loop needs to know only one thing: does trying again help?

OperatorError
 +-- Transient   the world may change by itself: try again, after `after` seconds when somebody said how long
 +-- Terminal    only an edit by the user helps: becomes the condition `Stalled` with this reason and message

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


class Terminal(OperatorError):
    """Trying again does not help. `reason` is a condition reason; `message` says what, where and what to do next."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = str(reason)
        self.message = message
