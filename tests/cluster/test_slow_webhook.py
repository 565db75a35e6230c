"""An admission webhook that sleeps: the bundles of its namespace say so, those of others are served meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cluster.audit import AuditLog
from tests.cluster.bundles import cpu_bundle, wait_condition
from tests.cluster.deployment_webhook import deployment_webhook
from tools.testkit.kubectl import Manifest, apply, condition, get, list_all, wait_for
from tools.testkit.mutating_webhook import MutatingWebhook
from tools.testkit.place import Place
from tools.testkit.store import Store

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("CLUSTER")), reason="its API server asks this machine: needs the local cluster"
)

SLEEPS_SECONDS = 20
# of the 16 workers those that one namespace may hold, and more bundles than there are workers
HELD_BY_ONE, BUNDLES = 8, 20
# no pod has to run: it shows that a write is let through by the Deployment alone
NOWHERE: Manifest = {"replicas": 1, "nodeSelector": {"modelbundle.test/nowhere": "true"}}


@pytest.fixture
def sleeper(place: Place, tmp_path: Path) -> Iterator[Manifest]:
    """Where a webhook answers after 20 s, as a clientConfig."""
    running = MutatingWebhook(_sleep, str(urlsplit(place.s3_endpoint).hostname), tmp_path)
    yield running.client
    running.close()


def _sleep(_: Manifest) -> list[Manifest]:
    time.sleep(SLEEPS_SECONDS)
    return []


def test_one_that_the_api_server_gives_up_before_the_operator_does_is_named(
    operator: object, namespace: str, store: Store, sleeper: Manifest
) -> None:
    with deployment_webhook(namespace, sleeper, seconds=2) as name:
        apply(cpu_bundle(store, "created", serving=NOWHERE), namespace=namespace)
        found = wait_condition("created", namespace, "Ready", "False", "ApplyRefused")
        assert f"The admission webhook {name} does not answer" in condition(found, "Ready")["message"]
    wait_for("its Deployment", lambda: get("deployment", "created", namespace), 60)


def test_others_are_served_while_it_sleeps_and_all_are_let_through_when_it_has_gone(
    operator: object,
    namespace: str,
    make_namespace: Callable[..., str],
    store: Store,
    sleeper: Manifest,
    audit: AuditLog,
    show: Callable[[str], None],
) -> None:
    """The operator gives up each write after 3.5 s, when the API server has not given up the webhook yet."""
    elsewhere = make_namespace("beside")
    with deployment_webhook(namespace, sleeper):
        apply(*(cpu_bundle(store, f"held-{n}", serving=NOWHERE) for n in range(BUNDLES)), namespace=namespace)
        found = wait_condition("held-0", namespace, "Ready", "False", "ApplyRefused", timeout=60)
        assert "Mostly it waits for an admission webhook that is slow" in condition(found, "Ready")["message"]
        audit.mark()
        apply(cpu_bundle(store, "beside", serving=NOWHERE), namespace=elsewhere)
        wait_for("the one elsewhere", lambda: get("deployment", "beside", elsewhere), 60)
        before = _given_up_before(audit, namespace, elsewhere)
        show(f"a webhook that sleeps: {before} writes of {BUNDLES} bundles given up before one elsewhere is served")
        assert before <= HELD_BY_ONE, "no more than were under way when it came"
        for n in range(BUNDLES):
            wait_condition(f"held-{n}", namespace, "Ready", "False", "ApplyRefused", timeout=60)
    wait_for("all Deployments", lambda: len(list_all("deployments", namespace)) == BUNDLES, 120)
    wait_condition("held-0", namespace, "Ready", "False", "WaitingForCapacity", timeout=60)


def _given_up_before(audit: AuditLog, namespace: str, elsewhere: str) -> int:
    """Creations of Deployments that ended in vain in the one namespace before one ended well in the other."""
    count = 0
    for event in audit.calls():
        about = event["objectRef"]
        if (event["verb"], about["resource"]) == ("create", "deployments"):
            if about["namespace"] == elsewhere:
                return count
            count += about["namespace"] == namespace
    raise AssertionError("the audit log has no creation of the other Deployment")
