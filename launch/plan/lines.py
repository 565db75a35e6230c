"""The lines of a plan, in their order. Pure."""

from __future__ import annotations

from typing import Callable, Dict

from launch.doctor.facts import NO, Finding
from launch.plan import history, what_runs, where
from launch.plan.facts import Facts
from launch.plan.quota import quota

LINES: Dict[str, Callable[[Facts], Finding]] = {
    "asked": lambda facts: facts.asked,
    "artifact": what_runs.artifact,
    "image": what_runs.image,
    "requirements": what_runs.requirements,
    "precheck": what_runs.precheck,
    "quota": quota,
    "node": where.node,
    "roll-out": where.rollout,
    "start": history.start,
}


def planned(facts: Facts) -> Dict[str, Finding]:
    """What is found of each, by its name."""
    return {name: line(facts) for name, line in LINES.items()}


def fits(findings: Dict[str, Finding]) -> bool:
    """Whether nothing says no that would keep the bundle from serving; what is not known keeps nothing."""
    return not any(found.answer == NO and not found.optional for found in findings.values())
