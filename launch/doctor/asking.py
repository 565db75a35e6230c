"""Asks for facts; what may not be asked, or is not answered, is Unknown."""

from __future__ import annotations

from typing import Callable, TypeVar, Union

from launch.doctor.facts import Unknown
from launch.errors import APIError

Value = TypeVar("Value")


class Asking:
    """`what` is what one asks to do, in words. After the API server did not answer once, it is asked nothing more."""

    def __init__(self) -> None:
        self._gone = ""

    def __call__(self, ask: Callable[[], Value], what: str = "ask for it") -> Union[Value, Unknown]:
        if self._gone:
            return Unknown(self._gone)
        try:
            return ask()
        except APIError as error:
            said = str(error).splitlines()[0]
            self._gone = said if error.status == 0 else ""
            return Unknown(f"you may not {what}" if error.status == 403 else said)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            return Unknown(f"an answer that cannot be read ({type(error).__name__})")
