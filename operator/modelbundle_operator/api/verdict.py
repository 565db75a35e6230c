"""One condition as it is judged; the bookkeeping of times and generations is judge/status.py's."""

from dataclasses import dataclass
from typing import Literal

from modelbundle_operator.api.names import ConditionType

Truth = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Verdict:
    """One condition, without the bookkeeping."""

    type: ConditionType
    status: Truth
    reason: str
    message: str


def sentence(text: str) -> str:
    """The text with one full stop at its end."""
    return text.rstrip(". ") + "."
