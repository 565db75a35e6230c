"""What the API server says to a write becomes what was refused, why, and what to do next."""

from __future__ import annotations

import pytest
from modelbundle_operator.errors import Cause
from modelbundle_operator.judge.refusal import refusal

# texts of a real API server (1.35)
ROWS = [
    (
        422,
        'PATCH /api/v1/namespaces/m/configmaps/b: 422: ConfigMap "b" is invalid: data: Forbidden: field is immutable'
        " when `immutable` is set",
        Cause("immutable", 'ConfigMap "b"', "m"),
        'delete the ConfigMap "b", and the operator makes it anew',
    ),
    (
        500,
        "PATCH /apis/apps/v1/namespaces/m/deployments/b: 500: Internal error occurred: failed calling webhook"
        ' "policy.example.com": failed to call webhook: Post "https://policy.m.svc:443/?timeout=10s": no endpoints'
        ' available for service "policy"',
        Cause("webhook-down", "policy.example.com"),
        "The admission webhook policy.example.com does not answer: see to its Service and its pods.",
    ),
    (
        403,
        'PATCH /api/v1/namespaces/m/services/b: 403: admission webhook "vet.example.com" denied the request: no team',
        Cause("webhook", "vet.example.com"),
        "have the rules of the admission webhook vet.example.com changed",
    ),
    (
        422,
        "POST /api/v1/namespaces/m/services: 422: services \"b\" is forbidden: ValidatingAdmissionPolicy 'teams' with"
        " binding 'teams' denied request: no team",
        Cause("policy", "teams"),
        "have the ValidatingAdmissionPolicy teams changed",
    ),
    (
        403,
        'POST /api/v1/namespaces/m/services: 403: services "b" is forbidden: exceeded quota: compute, requested:'
        " services=1, used: services=5, limited: services=5",
        Cause("quota", "compute", "m", room=True),
        "Raise the ResourceQuota compute",
    ),
    (
        500,
        "PATCH /api/v1/namespaces/m/services/b: 500: Internal error occurred: failed to allocate a serviceIP: range is"
        " full",
        Cause("service-range", room=True),
        "no address left for a Service",
    ),
    (
        403,
        'POST /api/v1/namespaces/m/services: 403: services "b" is forbidden: unable to create new content in namespace'
        " m because it is being terminated",
        Cause("namespace-deleted", namespace="m"),
        "The namespace is being deleted.",
    ),
    (
        403,
        'PATCH /api/v1/namespaces/m/services/b: 403: services "b" is forbidden: User "system:serviceaccount:o:o" cannot'
        ' patch resource "services" in API group "" in the namespace "m"',
        Cause("permission", namespace="m"),
        "its Role and RoleBinding in the namespace",
    ),
    (
        409,
        "PUT /api/v1/namespaces/m/services/b: 409: the object has been modified",
        Cause("conflict"),
        "Another client changes the object",
    ),
    (429, "PATCH ...: 429: too many requests", Cause("throttled"), "more requests than it takes"),
    (503, "PATCH ...: 503: etcdserver: no leader", Cause("failure"), "See to the API server"),
    (0, "PATCH ...: no answer in 3.5 s", Cause("no-answer"), "waits for an admission webhook that is slow itself"),
    (
        504,
        "POST ...: 504: Timeout: request did not complete within requested timeout - context deadline exceeded",
        Cause("no-answer"),
        "One with timeoutSeconds of 3 or less is named here.",
    ),
    (0, "PATCH ...: ServerDisconnectedError: Server disconnected", Cause("no-answer"), "the network before it"),
    (422, 'PATCH ...: 422: Service "b" is invalid', Cause("other"), "Change what it names."),
]


@pytest.mark.parametrize(("status", "text", "cause", "advice"), ROWS, ids=[row[2].name for row in ROWS])
def test_the_words(status: int, text: str, cause: Cause, advice: str) -> None:
    found = refusal("the bundle", "m", status, text)
    assert found.cause == cause
    assert text in found.message, "the API server's own words"
    assert advice in found.message, "what to do next"
    assert found.message.endswith("It is tried again automatically, at growing intervals of at most 5 minutes.")
    assert ".." not in found.message.replace("...", "")


def test_words_that_anybody_may_have_put_into_a_policy_are_made_fit_for_a_condition() -> None:
    found = refusal("the bundle", "m", 403, "PATCH ...: 403: denied:\x1b[31m \ud800" + "x" * 5000)
    assert "\x1b" not in found.message
    assert len(found.message) < 2000
    found.message.encode()
