"""What a call to the API server can fail with.

What answers in its place, such as a proxy's page or a gateway's JSON, is a failure that trying again may help against,
whatever it says and under whichever status.
"""

import contextlib
import json
from collections.abc import Iterator

from modelbundle_operator.errors import Conflict, OperatorError, Transient

LONGEST_RETRY_AFTER_SECONDS = 300.0


class Refused(OperatorError):
    """The API server refuses what we sent: a bug of the operator, or an admission policy."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class NoAnswer(Transient):
    """The API server took longer than a call may take."""


class NotInstalled(OperatorError):
    """The CRD is absent: without it kopf would wait forever and look healthy."""


@contextlib.contextmanager
def understood(what: str) -> Iterator[None]:
    """An answer that cannot be read as one of an API server, which is a ValueError, is Transient. `what`: as below."""
    try:
        yield
    except ValueError as error:
        raise Transient(f"{what}: what came is no answer of an API server: {error}") from None


def error_of(what: str, status: int, text: bytes, retry_after: str | None) -> OperatorError:
    """The error for an answer of this HTTP status; `what` is the method and path, `text` the body."""
    message = f"{what}: {status}: {_message(text)[:1000]}"
    if status == 409:
        return Conflict(message, status=status)
    # 404 on a write: the namespace or the object went while we wrote; 403 while a namespace is being deleted heals too
    terminating = status == 403 and "because it is being terminated" in message
    if status in (401, 404, 408, 410, 429) or status >= 500 or terminating:
        named = retry_after and retry_after.isascii() and retry_after.isdecimal()
        after = min(float(retry_after or 0), LONGEST_RETRY_AFTER_SECONDS) if named else None
        return Transient(message, after, status=status)
    return Refused(status, message)


def _message(text: bytes) -> str:
    """The API server's words, or the whole of what came in their place."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    message = said.get("message") if isinstance(said, dict) else None
    return message if isinstance(message, str) and message else text.decode(errors="replace")
