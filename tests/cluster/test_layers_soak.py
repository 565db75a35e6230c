"""Two hundred clones at once have one Job, and an operator that is killed at any step of one ends where an undisturbed
one does. In `make soak` (MODELBUNDLE_SOAK=1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.cluster.bundles import wait_ready
from tests.cluster.index_project import Project, needs_local_index
from tests.cluster.layers import (
    FROM_LAYER,
    imported_from,
    installs_of,
    is_in_the_store,
    jobs_made,
    layer_of,
    requiring,
    state_of,
    stores_begun,
)
from tests.cluster.one_more_look import changes_nothing_more
from tests.cluster.operator_pods import kill_operator
from tests.cluster.test_clones import clone
from tests.cluster.test_layers_interrupted import GPU, Serves, installing, of, wheels  # noqa: F401
from tools.testkit.kubectl import Manifest, apply, get, kubectl, list_all, wait_for
from tools.testkit.soak import in_soak
from tools.testkit.store import Store

pytestmark = [
    pytest.mark.exclusive,  # kills the operator, and fills the node
    in_soak("hundreds of bundles, minutes"),
    pytest.mark.timeout(1500),
    needs_local_index,
]
CLONES, SERVED, LATER = 200, 12, 8
SLIM: Manifest = {"serverResources": {"cpu": "10m"}}


def test_of_two_hundred_clones_at_once_those_serve_that_are_to_and_one_job_installs(
    operator: object, namespace: str, store: Store, project: Project, show: Callable[[str], None]
) -> None:
    apply(requiring(store, "base", project.name, {"replicas": 0}), namespace=namespace)
    wait_ready("base", namespace)
    names = [f"clone-{number}" for number in range(CLONES)]
    began = time.monotonic()
    apply(
        *(
            clone(name, "base", appConfig={"of": name}, serving={**SLIM, "replicas": int(number < SERVED)})
            for number, name in enumerate(names)
        ),
        namespace=namespace,
    )
    for name in names[:SERVED]:
        wait_ready(name, namespace, 600)
    show(f"{CLONES} clones at once, {SERVED} of them to serve: these are Ready after {time.monotonic() - began:.0f} s")
    for name in names[SERVED:]:
        wait_ready(name, namespace, 600)
    show(f"and all others stored after {time.monotonic() - began:.0f} s")
    reasons = [_reason(bundle) for bundle in list_all("mbun", namespace)]
    assert (reasons.count("Serving"), reasons.count("Stored")) == (SERVED, CLONES + 1 - SERVED)
    assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
    layer = layer_of(names[0], namespace)
    assert is_in_the_store(layer, store)
    project.withdraw()

    for name in names[SERVED : SERVED + LATER]:
        kubectl("scale", "mbun", name, "--replicas=1", namespace=namespace)
    for name in names[: SERVED + LATER]:
        wait_ready(name, namespace, 600)
        assert installs_of(name, namespace) == [layer["digest"]]
    assert imported_from(names[SERVED], namespace).startswith(FROM_LAYER)
    assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
    changes_nothing_more(namespace, state_of)


def test_an_operator_that_is_killed_at_any_step_of_the_job_ends_where_an_undisturbed_one_does(
    operator: object,
    namespace: str,
    store: Store,
    wheels: Serves,  # noqa: F811
) -> None:
    server = wheels()
    server.hold()
    apply(of(server, store, "one", GPU), namespace=namespace)
    wait_for("the Job", lambda: list_all("jobs", namespace), 60)
    kill_operator()
    first = installing(server, namespace)
    kill_operator()
    server.go_on()
    wait_for("store to begin", partial(stores_begun, namespace), 120)
    kill_operator()
    wait_for("the Deployment", lambda: get("deployment", "one", namespace), 120)
    kill_operator()
    wait_ready("one", namespace, 300)
    assert imported_from("one", namespace).startswith(FROM_LAYER)
    assert is_in_the_store(layer_of("one", namespace), store)
    assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
    wait_for("no Job to be left", lambda: not list_all("jobs", namespace), 60)
    assert first["metadata"]["name"] not in [pod["metadata"]["name"] for pod in list_all("pods", namespace)]
    changes_nothing_more(namespace, state_of)


def _reason(bundle: Manifest) -> str:
    return next(each["reason"] for each in bundle["status"]["conditions"] if each["type"] == "Ready")
