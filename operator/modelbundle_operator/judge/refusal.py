"""What the API server said to a write, in words for the object's condition: what was refused, and what to do next.

A pure function of the HTTP status and the text. The text is what tells causes apart: a full quota is 403 as a missing
right is, and an admission webhook that is down is 500 as a failure of the API server itself.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from modelbundle_operator.api.verdict import sentence
from modelbundle_operator.errors import Cause
from modelbundle_operator.judge.reports import quoted

_AGAIN = "It is tried again automatically, at growing intervals of at most 5 minutes."


@dataclass(frozen=True)
class Rule:
    """`pattern` in the text, with the subject as its group, or `status`; `advice` may name {subject}."""

    cause: str
    advice: str
    pattern: str = ""
    status: Callable[[int], bool] = lambda status: True
    in_namespace: bool = False  # of each namespace its own
    room: bool = False  # ends where an object is deleted


RULES = (
    Rule(
        "webhook-down",
        "The admission webhook {subject} does not answer: see to its Service and its pods.",
        r'failed calling webhook "([^"]+)"',
    ),
    Rule(
        "webhook",
        "Change what it names, or have the rules of the admission webhook {subject} changed.",
        r'admission webhook "([^"]+)" denied',
    ),
    Rule(
        "policy",
        "Change what it names, or have the ValidatingAdmissionPolicy {subject} changed.",
        r"ValidatingAdmissionPolicy '([^']+)'",
    ),
    Rule(
        "quota",
        "Raise the ResourceQuota {subject}, or delete what the namespace no longer needs.",
        r"exceeded quota: ([^,\s]+)",
        in_namespace=True,
        room=True,
    ),
    Rule(
        "service-range",
        "The cluster has no address left for a Service: delete Services that nobody needs, or add a ServiceCIDR.",
        r"failed to allocate a serviceIP|range is full",
        room=True,
    ),
    Rule("namespace-deleted", "The namespace is being deleted.", r"because it is being terminated", in_namespace=True),
    Rule(
        "permission",
        "The operator lacks this right: restore its ClusterRole, or its Role and RoleBinding in the namespace.",
        r'User "[^"]+" cannot ',
        status=lambda status: status in (401, 403),
        in_namespace=True,
    ),
    Rule(
        "immutable",
        "It was made or edited by others, and nobody can change that any more: delete the {subject}, and the operator"
        " makes it anew.",
        r'(\S+ "[^"]+") is invalid: [\s\S]*field is immutable',
        status=lambda status: status == 422,
        in_namespace=True,
    ),
    Rule("credentials", "The API server does not know the operator's token.", status=lambda status: status == 401),
    Rule(
        "conflict",
        "Another client changes the object at the same time: its metadata.managedFields name it.",
        status=lambda status: status == 409,
    ),
    Rule("throttled", "The API server has more requests than it takes.", status=lambda status: status == 429),
    Rule("gone", "The object or its namespace was deleted meanwhile.", status=lambda status: status == 404),
    # it ends a call after the time that it is given, and where it waits for a webhook then it does not say for which
    Rule(
        "no-answer",
        "Mostly it waits for an admission webhook that is slow itself: `kubectl get"
        " validatingwebhookconfigurations,mutatingwebhookconfigurations` lists them. One with timeoutSeconds of 3 or"
        " less is named here.",
        r"no answer in \d|request did not complete within",
        status=lambda status: status in (0, 504),
    ),
    Rule("no-answer", "See to the API server, and to the network before it.", status=lambda status: not status),
    Rule("failure", "See to the API server: its log says more.", status=lambda status: status >= 500),
    Rule("other", "Change what it names."),
)


@dataclass(frozen=True)
class Refusal:
    """What the condition says, and whom the same cause hinders alike."""

    message: str
    cause: Cause


def refusal(needed_by: str, namespace: str, status: int, text: str) -> Refusal:
    """`needed_by`: such as "the bundle"; `status`: of HTTP, 0 where there was no answer; `text`: the error's."""
    rule, subject = next(found for rule in RULES if (found := _applies(rule, status, text)) is not None)
    verb = "refuses" if 400 <= status < 500 else "does not take"
    said = f"The API server {verb} what {needed_by} needs: {sentence(quoted(text))}"
    return Refusal(
        f"{said} {rule.advice.format(subject=subject)} {_AGAIN}",
        Cause(rule.cause, subject, namespace if rule.in_namespace else "", rule.room),
    )


def _applies(rule: Rule, status: int, text: str) -> tuple[Rule, str] | None:
    found = re.search(rule.pattern, text)
    if found is None or not rule.status(status):
        return None
    return rule, quoted(found[1]) if found.re.groups else ""
