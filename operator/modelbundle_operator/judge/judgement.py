"""What a bundle or an endpoint is judged to be: its conditions, and what the rest of its status is made from."""

from dataclasses import dataclass

from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.judge.evidence import Run
from modelbundle_operator.judge.failures import Failure
from modelbundle_operator.judge.observation import Pod


@dataclass(frozen=True)
class Judgement:
    """`requeue_after`: seconds until time alone could change it. The last three are of a bundle that has pods."""

    conditions: tuple[Verdict, ...]
    failure: Failure | None = None
    requeue_after: float | None = None
    complete: bool = False  # all that was asked for runs, so no failure is left
    first_ready: Pod | None = None  # of the pods that answer, the one that did first
    first_run: Run | None = None  # what later pods are compared with; None while no pod answers
