"""Why a request failed, as the frame ``error`` says it. At the bottom: whatever answers a request raises these."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from bundle_runtime.contract import wire
from bundle_runtime.contract.report import valid_unicode
from bundle_runtime.worker.explain import known
from bundle_runtime.worker.user_errors import described, full, log

_MESSAGE_MAX_CHARS = 16384


class NotJSON(Exception):
    """The prediction cannot be JSON; the message says where and what to do."""


class Failed(Exception):
    """One of the codes of docs/reference/wire.md, and a message for the client; ``traceback`` is for those clients that
    may see the user's source."""

    def __init__(self, code: str, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.traceback = traceback

    def within(self, place: str) -> Failed:
        """The same, of one part of the request."""
        return Failed(self.code, f"{place}: {self}", self.traceback)

    @property
    def payload(self) -> bytes:
        """Of the frame ``error``: ASCII JSON."""
        fields = {"code": self.code, "message": valid_unicode(str(self)[:_MESSAGE_MAX_CHARS])}
        if self.traceback:
            fields["traceback"] = valid_unicode(self.traceback[:_MESSAGE_MAX_CHARS])
        return wire.json_text(fields)


def _raised(code: str, what: str, error: BaseException) -> Failed:
    """User code raised; the log has the whole of it."""
    log(full(error))
    step = known(error)
    if step:
        log(f"worker: {step}")
    message, traceback = described(error)
    return Failed(code, what + message, traceback)


def failure_of(error: BaseException) -> Failed:
    """For an exception of user code, which goes to the log whole."""
    return _raised("PredictFailed", "", error)


def failure_of_coroutine(error: BaseException) -> BaseException:
    """The same, for what was awaited: CancelledError is the request's end, if it was cancelled, and raised on."""
    import asyncio  # is here, as it has awaited

    return error if isinstance(error, asyncio.CancelledError) else failure_of(error)


def unencodable(error: BaseException) -> Failed:
    """For what was raised while a prediction was encoded."""
    if isinstance(error, Failed):
        return error
    if isinstance(error, NotJSON):
        return Failed("ResponseNotJSON", str(error))
    # a tolist() or model_dump() of the user's class raised
    return _raised("ResponseNotJSON", "turning the prediction into JSON raised ", error)


def unreadable(error: BaseException) -> Failed:
    """For a request that neither fits the contract nor got as far as user code."""
    return _raised("PredictFailed", "the worker cannot read it: ", error)


def too_large(size: int) -> Failed:
    """For a prediction of ``size`` bytes, which no frame can hold."""
    return Failed("PredictFailed", f"the prediction is {size} bytes, more than {wire.MAX_BODY >> 20} MiB")


_Encoded = TypeVar("_Encoded", bytes, "tuple[int, bytes]")


def checked(encode: Callable[[Any], _Encoded], result: Any) -> _Encoded:
    """The prediction as ``encode`` has it; Failed when that cannot be."""
    try:
        answer = encode(result)
    except BaseException as error:  # SystemExit too: encoding calls methods of user code
        raise unencodable(error) from None
    size = len(answer[1]) if isinstance(answer, tuple) else len(answer)
    if size > wire.MAX_BODY:
        raise too_large(size)
    return answer
