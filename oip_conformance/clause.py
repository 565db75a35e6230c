"""A clause of the specification and how it is checked."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple

from oip_conformance.target import Answer, Target


class Broken(Exception):
    """The server does not do what the clause says; the message says what it did."""


class NotApplicable(Exception):
    """The clause asks nothing of this server; the message says why."""


class Clause(NamedTuple):
    """One sentence of the specification, and the check that raises Broken or NotApplicable."""

    id: str
    section: str  # of the specification
    says: str
    check: Callable[[Target], None]


class Clauses:
    """A list that functions are put into by ``@clauses.add(id, section, says)``."""

    def __init__(self) -> None:
        self.all: List[Clause] = []

    def add(self, id: str, section: str, says: str) -> Callable[[Callable[[Target], None]], Callable[[Target], None]]:
        """A decorator: the function checks this clause."""

        def put(check: Callable[[Target], None]) -> Callable[[Target], None]:
            self.all.append(Clause(id, section, says, check))
            return check

        return put


def need(true: bool, answer: Answer, what: str) -> None:
    """Broken unless it is true; the message says what the server answered."""
    if not true:
        raise Broken(f"{what}; it answered {answer.status} {answer.body[:200].decode('utf-8', 'replace')}")


def need_object(answer: Answer) -> Dict[str, Any]:
    """The JSON object of an answer that succeeded; Broken otherwise."""
    need(answer.ok, answer, "the status must be 2xx")
    found = answer.json
    need(isinstance(found, dict), answer, "the body must be a JSON object")
    return dict(found)


def need_error(answer: Answer) -> None:
    """Broken unless it is an error as the specification has it."""
    need(answer.status >= 400, answer, "the status must be an error's")
    found = answer.json
    said = isinstance(found, dict) and isinstance(found.get("error"), str) and bool(found["error"])
    need(said, answer, 'the body must be {"error": "<what is wrong>"}')


def example(target: Target) -> Dict[str, Any]:
    """A request that the model answers; NotApplicable when none is known."""
    request = target.request
    if request is None:
        raise NotApplicable("the metadata names no inputs: give --request")
    return request
