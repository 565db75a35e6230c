"""What the operator may do is what it did: the chart's rules against the API server's log of the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.audit import OPERATOR, AuditLog
from tools.testkit.kubectl import get

Rule = tuple[str, str, str]  # API group, resource, verb


@pytest.mark.runs_last(99)
@pytest.mark.exclusive
def test_every_right_of_the_operator_was_used(
    request: pytest.FixtureRequest, operator: object, audit_logs: list[AuditLog], show: Any
) -> None:
    missing = set(Path(__file__).parent.glob("test_*.py")) - {item.path for item in request.session.items}
    if missing:
        names = ", ".join(sorted(path.name for path in missing))
        pytest.skip(f"counts over the whole run, and these do not run: {names}")
    role = get("clusterrole", "modelbundle-operator")
    assert role is not None
    lease = get("role", "modelbundle-operator-lease", "modelbundle-system")
    assert lease is not None
    granted = set(rules([*role["rules"], *lease["rules"]]))
    calls = [event for log in audit_logs for event in log.everything(OPERATOR) if received(event) >= began()]
    used = {rule for event in calls for rule in needed(event)}
    # while a test uninstalls the chart, an operator that is about to end is refused what the chart grants
    refused = {rule for event in calls if decision(event) == "forbid" for rule in needed(event)}
    assert refused - granted == set(), "the operator asked for what it may not do"
    assert not {word for rule in granted for word in rule} & {"*", "secrets"}
    show(
        f"the operator's role has {len(granted)} rules, its {len(calls)} calls of this run needed {len(used & granted)}"
    )
    assert granted - used == set(), "granted, and never used: take it out of charts/operator/templates/rbac.yaml"


def rules(found: list[dict[str, Any]]) -> Iterator[Rule]:
    for rule in found:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield from ((group, resource, verb) for verb in rule["verbs"])


def needed(event: dict[str, Any]) -> Iterator[Rule]:
    """The rules that one call was let through by."""
    reference = event.get("objectRef")
    if reference is None or not reference.get("resource"):
        return
    resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
    verbs = [event["verb"]]
    if event["verb"] == "create" and resource in (
        "configmaps", "services", "deployments", "poddisruptionbudgets",
    ):  # fmt: skip
        # the child's ownerReference blocks its owner's deletion: OwnerReferencesPermissionEnforcement asks for a right
        owners = ("modelbundles", "modelendpoints") if resource == "services" else ("modelbundles",)
        yield from (("modelbundle.dev", f"{owner}/finalizers", "update") for owner in owners)
    if event["verb"] == "patch" and event.get("responseStatus", {}).get("code") == 200:
        verbs.append("delete")  # it asks for this where a child gets an owner; the log does not tell which do
    yield from ((reference.get("apiGroup", ""), resource, verb) for verb in verbs)


def received(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()


def began() -> float:
    return float(os.environ["MODELBUNDLE_TESTS_BEGAN"])


def decision(event: dict[str, Any]) -> str:
    return str(event.get("annotations", {}).get("authorization.k8s.io/decision", ""))
