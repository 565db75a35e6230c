"""An operator with nothing to do does nothing: two minutes of the audit log.

Nobody else works on the cluster meanwhile, save the endpoint of test_endpoints.py that moves under traffic: it waits
for most of these minutes, and what the operator does for it is in a namespace of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cluster.audit import WRITES, AuditLog, counted
from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.operator_pods import SYSTEM
from tools.testkit.kubectl import apply, condition, get
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive
IDLE_SECONDS = 120
SETTLING_SECONDS = 15


class Rest(NamedTuple):
    namespace: str
    since: float  # time.monotonic()
    audit: AuditLog


@pytest.fixture(scope="session")
def rest(operator: object, make_namespace: Callable[..., str], store: Store, audit_file: Path) -> Rest:
    namespace = make_namespace("rest")
    apply(cpu_bundle(store, "idle"), cpu_bundle(store, "stored", serving={"replicas": 0}), namespace=namespace)
    wait_ready("idle", namespace)
    wait_ready("stored", namespace)
    time.sleep(SETTLING_SECONDS)
    return Rest(namespace, time.monotonic(), AuditLog(audit_file))


@pytest.mark.runs_last(1)
def test_bundles_come_to_rest(rest: Rest) -> None:
    reasons = {
        name: condition(get("modelbundle", name, rest.namespace), "Ready")["reason"] for name in ("idle", "stored")
    }
    assert reasons == {"idle": "Serving", "stored": "Stored"}


@pytest.mark.runs_last(3)
def test_idle_operator_writes_nothing(rest: Rest, show: Callable[[str], None]) -> None:
    time.sleep(max(0.0, IDLE_SECONDS - (time.monotonic() - rest.since)))
    seconds = time.monotonic() - rest.since
    # what others do on this cluster meanwhile does not concern these two bundles
    ours = [
        call
        for call in rest.audit.calls()
        if call.get("objectRef", {}).get("namespace") in (rest.namespace, SYSTEM, None)
    ]
    # the Lease is what the operators renew to say that one of them works
    writes = [call for call in ours if call["verb"] in WRITES and call["objectRef"]["resource"] != "leases"]
    show(f"idle for {seconds:.0f} s: {len(writes)} writes, {len(ours)} calls ({counted(ours) or 'none'})")
    assert seconds >= IDLE_SECONDS
    assert not writes, counted(writes)
