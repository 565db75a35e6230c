"""What keeps an object's children from being written: in which words its condition says so, and from which try on."""

from dataclasses import dataclass

from modelbundle_operator.api.names import Reason
from modelbundle_operator.errors import Cause, Transient
from modelbundle_operator.judge.refusal import refusal
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.children import NameTaken


@dataclass(frozen=True)
class Hindrance:
    """`to_be_said`: it has lasted long enough to be a state of the object. `retry` is raised for the queue."""

    reason: Reason
    message: str
    to_be_said: bool
    retry: Transient


def hindrance(key: Key, needed_by: str, error: Refused | Transient, failures: int) -> Hindrance:
    """`needed_by`: such as "the bundle"; `failures`: how often in a row writing has failed before."""
    if isinstance(error, NameTaken):
        reason, message = Reason.NAME_CONFLICT, error.message
        cause = Cause("name-conflict", key.name, key.namespace)
    else:
        found = refusal(needed_by, key.namespace, error.status, error.message)
        reason, message, cause = Reason.APPLY_REFUSED, found.message, found.cause
    if isinstance(error, Refused):
        return Hindrance(reason, message, True, Transient(error.message, status=error.status, cause=cause))
    error.cause = cause
    return Hindrance(reason, message, failures + 1 >= error.tries_before_words, error)
