"""How each condition is judged: named questions, asked in order; the first answer is the condition.

A check is a function of the evidence that gives a whole condition, or None when another check has to answer. The last
check of a table always answers.
"""

from collections.abc import Callable
from typing import TypeVar

from modelbundle_operator.api.verdict import Verdict

E = TypeVar("E")


def first(checks: tuple[Callable[[E], Verdict | None], ...], evidence: E) -> Verdict:
    """The answer of the first check that has one."""
    return next(verdict for check in checks if (verdict := check(evidence)) is not None)
