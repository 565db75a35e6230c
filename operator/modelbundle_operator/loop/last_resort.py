"""When the operator itself fails at an object: the object says so, and everybody else is served.

No input should lead here. One that does would otherwise leave its object without a word, and a panic of a Rust library,
which is not an Exception, would end the process for all.
"""

import asyncio
import logging
from typing import Protocol

from modelbundle_operator.errors import OperatorError
from modelbundle_operator.loop.controller import Outcome
from modelbundle_operator.loop.key import Key

log = logging.getLogger(__name__)

_LONGEST = 300
# these end the process or the look, and are meant to
_PASS = (OperatorError, TimeoutError, asyncio.CancelledError, KeyboardInterrupt, SystemExit)


class Reconciles(Protocol):
    """A reconciler of one kind."""

    async def __call__(self, key: Key) -> Outcome:
        """One look at one object."""

    async def report_internal_error(self, key: Key, text: str) -> None:
        """Say on the object that the operator failed at it."""


class InternalError(Exception):
    """The operator failed at an object; its status says so."""


async def guarded(reconciler: Reconciles, key: Key) -> Outcome:
    """One look at one object. Whatever it raises that is not meant becomes a condition, then InternalError."""
    try:
        return await reconciler(key)
    except _PASS:
        raise
    except BaseException as error:
        text = f"{type(error).__name__}: {error}"[:_LONGEST]
        try:
            await reconciler.report_internal_error(key, in_words(text))
        except _PASS:
            raise
        except BaseException:
            log.exception("%s: its status could not be written either", key, extra={"bundle": str(key)})
        raise InternalError(text) from error


def in_words(text: str) -> str:
    """What the object says."""
    return (
        f"The operator failed at this object: {text}. What serves goes on serving, and the operator tries again"
        " automatically. Its log has the traceback; please report it."
    )
