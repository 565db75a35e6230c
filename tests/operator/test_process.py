"""The operator as a process, real kopf and all, against an API server in memory: the pitfalls that we rely on, pinned.

docs/adr/0001-kopf-as-host.md says why each of them matters.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from modelbundle_operator.loop.key import Key

from tests.operator.fake_api import FakeApi
from tests.operator.operator_process import LONG_ENOUGH_SECONDS, Running, begin, start
from tools.testkit.cluster_objects import at, model_bundle, serving_pod

ROOT = Path(__file__).resolve().parents[2]
KEY = Key("models", "llama")
LABELLED = {"configmaps", "services", "deployments", "poddisruptionbudgets", "pods"}
WATCHED = {"ModelBundle", "ModelEndpoint", "ConfigMap", "Service", "Deployment", "PodDisruptionBudget", "Pod"}


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Running]:
    async with start(FakeApi(), tmp_path, MODELBUNDLE_RESYNC_SECONDS="10") as running:
        await running.until(lambda: {kind for kind, _ in running.api.watches} == WATCHED)
        yield running


def _there(api: FakeApi, kind: str) -> bool:
    return (kind, *KEY.place) in api.cluster.objects


async def test_children_are_made_and_kopf_writes_nothing(operator: Running) -> None:
    api = operator.api
    api.put(model_bundle())
    await operator.until(lambda: bool(api.cluster.objects["ModelBundle", *KEY.place].get("status")))
    assert all(_there(api, kind) for kind in ("ConfigMap", "Service", "Deployment"))
    assert await operator.probe("/readyz") == 200
    writes = [request for request in api.requests if request.method != "GET"]
    assert writes
    assert not [request for request in writes if "kopf" in request.agent.lower()]
    assert {r.query.get("fieldManager") for r in writes if r.method == "PATCH"} == {"modelbundle-operator"}
    bundle = api.cluster.objects["ModelBundle", *KEY.place]
    assert not bundle["metadata"].get("finalizers")
    assert not bundle["metadata"].get("annotations")


async def test_an_endpoint_follows_what_becomes_of_its_bundle(operator: Running) -> None:
    api, place = operator.api, ("models", "stable")

    def said() -> tuple[str, str]:
        conditions = api.cluster.objects["ModelEndpoint", *place].get("status", {}).get("conditions", [{}])
        return conditions[0].get("status", ""), conditions[0].get("reason", "")

    metadata = {"name": "stable", "namespace": "models", "uid": "uid-of-stable", "generation": 1}
    api.put(
        {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint", "metadata": metadata,
         "spec": {"bundle": "llama"}}
    )  # fmt: skip
    await operator.until(lambda: said() == ("False", "BundleNotFound"))
    api.put(model_bundle())
    await operator.until(lambda: said() == ("False", "BundleNotReady"))
    await operator.until(lambda: bool(api.cluster.objects["ModelBundle", *KEY.place].get("status")))
    digest = api.cluster.objects["ModelBundle", *KEY.place]["status"]["digest"]
    pod = serving_pod(digest=digest)
    del pod["metadata"]["resourceVersion"]
    api.put(pod)
    await operator.until(lambda: said() == ("True", "Serving"))
    assert api.cluster.objects["ModelEndpoint", *place]["status"]["bundle"] == "llama"
    assert api.cluster.objects["Service", *place]["spec"]["selector"]["modelbundle.dev/bundle"] == "llama"


async def test_only_what_carries_our_label_is_watched(operator: Running) -> None:
    """The selectors' keys must be tuples: kopf takes other spellings without a word and selects nothing."""
    watches = [request for request in operator.api.requests if request.query.get("watch")]
    selected = {r.path.rpartition("/")[2]: r.query.get("labelSelector") for r in watches}
    assert selected.pop("modelbundles") is selected.pop("modelendpoints") is None
    assert selected == dict.fromkeys(LABELLED, "app.kubernetes.io/managed-by=modelbundle-operator")
    assert all(request.query["timeoutSeconds"] == "300" for request in watches), (
        "a whole number, or the server says 400"
    )


async def test_a_deleted_child_comes_back_at_once(operator: Running) -> None:
    api = operator.api
    api.put(model_bundle())
    await operator.until(lambda: _there(api, "Deployment"))
    api.delete("Service", KEY)
    await operator.until(lambda: _there(api, "Service"), LONG_ENOUGH_SECONDS)


async def test_a_deletion_that_falls_into_a_gap_of_the_watch_is_found_as_the_watch_begins_anew(tmp_path: Path) -> None:
    """kopf reports no deletion that its list lacks; the resync that it triggers does, long before its time."""
    async with start(FakeApi(), tmp_path, MODELBUNDLE_RESYNC_SECONDS="3600") as operator:
        api = operator.api
        await operator.until(lambda: len(api.watches) == len(WATCHED))
        api.put(model_bundle())
        await operator.until(lambda: bool(api.cluster.objects["ModelBundle", *KEY.place].get("status")))
        await asyncio.sleep(0.3)
        api.delete("Service", KEY, lose_the_event=True)
        await asyncio.sleep(1.5)
        assert not _there(api, "Service"), "no event was sent"
        assert resyncs(api) == 1, "the first watches go on from the first one, and nothing asks for another at rest"
        api.break_watches()
        await operator.until(lambda: _there(api, "Service"))


def resyncs(api: FakeApi) -> int:
    """LISTs of the kind that a resync comes to last; kopf's own have a limit of 1."""
    return sum(r.path.endswith("/pods") and r.query.get("limit") not in (None, "1") for r in api.requests)


async def test_of_a_list_kopf_reads_the_version_alone(operator: Running) -> None:
    lists = [r for r in operator.api.requests if "kopf" in r.agent.lower() and "limit" in r.query]
    assert {request.query["limit"] for request in lists} == {"1"}


async def test_a_watch_that_is_refused_is_begun_anew_and_ends_nothing(operator: Running) -> None:
    """kopf would end the process: at once on an ERROR event, after its retries on a refusal."""
    api = operator.api
    for error in (403, 500):
        api.break_watches({"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "code": error}})
        await operator.until(lambda: {kind for kind, _ in api.watches} == WATCHED)
    api.put(model_bundle())
    await operator.until(lambda: _there(api, "Deployment"))
    assert operator.process.returncode is None


async def test_a_watch_that_ends_goes_on_from_what_was_read_and_nothing_is_listed(operator: Running) -> None:
    """kopf sees no object of it, only how far it has come."""
    api = operator.api
    api.put(model_bundle())
    await operator.until(lambda: bool(api.cluster.objects["ModelBundle", *KEY.place].get("status")))
    await operator.quiet("anything")
    version = int(api.cluster.objects["ModelBundle", *KEY.place]["metadata"]["resourceVersion"])
    before = len(api.requests)
    api.end_watches()
    await operator.until(lambda: {kind for kind, _ in api.watches} == WATCHED)
    kopfs = [r for r in api.requests[before:] if "kopf" in r.agent.lower()]
    assert all("watch" in request.query for request in kopfs), "the version that kopf knew was good"
    (again,) = (request for request in kopfs if request.path.endswith("/modelbundles"))
    assert int(again.query["resourceVersion"]) >= version


async def test_a_start_with_everything_as_it_was_writes_nothing(tmp_path: Path) -> None:
    """Also where the Deployment's own count of its pods is not there yet."""
    api = FakeApi()
    api.put(model_bundle())
    bundle = ("ModelBundle", *KEY.place)
    async with api.server() as server:
        async with begin(api, server, tmp_path, "first") as operator:
            await operator.until(lambda: _there(api, "Deployment"))
            deployment = api.cluster.objects["Deployment", *KEY.place]["metadata"]
            deployment["creationTimestamp"] = at(0)
            digest = api.cluster.objects["Deployment", *KEY.place]["metadata"]["labels"]["modelbundle.dev/digest"]
            api.tell("MODIFIED", api.cluster.set_status("Deployment", KEY, replicas=1))
            pod = serving_pod(digest=digest)
            del pod["metadata"]["resourceVersion"]
            api.put(pod)
            await operator.until(lambda: "Serving" in str(api.cluster.objects[bundle].get("status")))
            await operator.quiet("first")
            assert "Reconciling" not in str(api.cluster.objects[bundle]["status"])
        async with begin(api, server, tmp_path, "second") as operator:
            await operator.answers("/readyz")
            await operator.quiet("second")
    writes = [r for r in api.requests if r.token == "second" and r.method != "GET" and "/leases" not in r.path]
    assert writes == []


async def test_a_signal_ends_it_with_zero(operator: Running) -> None:
    assert await operator.stop() == 0


async def test_without_the_crd_it_ends_and_says_what_to_do(tmp_path: Path) -> None:
    async with start(FakeApi(installed=False), tmp_path) as running:
        await asyncio.wait_for(running.process.wait(), LONG_ENOUGH_SECONDS)
        said = running.said()
        assert await running.process.wait() == 2
    assert "kubectl apply -f crds/" in said
    assert "Traceback" not in said


async def test_where_the_only_watched_namespace_is_gone_it_waits_says_so_and_serves_it_when_it_is_back(
    tmp_path: Path,
) -> None:
    api = FakeApi(forbidden={"models"})
    api.put(model_bundle())
    async with start(api, tmp_path, MODELBUNDLE_WATCH_NAMESPACES="models") as operator:
        # each of the kinds, tried three times
        await operator.until(lambda: sum("/namespaces/models/" in r.path for r in api.requests) >= 3 * len(WATCHED))
        assert (await operator.probe("/healthz"), await operator.probe("/readyz")) == (200, 503)
        assert operator.process.returncode is None
        api.forbidden.clear()
        await operator.until(lambda: bool(api.cluster.objects["ModelBundle", *KEY.place].get("status")))
        assert await operator.probe("/readyz") == 200
        assert await operator.stop() == 0
        said = operator.said()
    assert said.count("the operator serves nothing, and tries again until there is a namespace") == 1
    assert "Traceback" not in said


async def test_an_operator_that_may_not_see_pods_does_not_say_that_there_are_none(tmp_path: Path) -> None:
    api = FakeApi(forbidden={"pods"})
    api.put(model_bundle())
    async with start(api, tmp_path, MODELBUNDLE_RESYNC_SECONDS="10") as operator:
        await operator.answers("/readyz")
        await operator.until(lambda: "Pod may not be listed in namespace models" in operator.said())
        assert not api.cluster.objects["ModelBundle", *KEY.place].get("status")
        api.forbidden.clear()
        await operator.until(lambda: bool(api.cluster.objects["ModelBundle", *KEY.place].get("status")))


async def test_a_store_that_was_put_back_is_served_by_the_next_process(tmp_path: Path) -> None:
    """Versions begin again with it, and those that this one waits for may take days."""
    api = FakeApi()
    for _ in range(1000):
        api.cluster.now()
    async with api.server() as server:
        async with begin(api, server, tmp_path, "first", MODELBUNDLE_RESYNC_SECONDS="10") as operator:
            await operator.answers("/readyz")
            api.put(model_bundle("later"))
            await operator.until(lambda: ("Deployment", "models", "later") in api.cluster.objects)
            api.cluster.objects.clear()
            api.cluster._versions = itertools.count(1)
            api.events.clear()
            api.put(model_bundle())
            api.break_watches()
            assert await asyncio.wait_for(operator.process.wait(), LONG_ENOUGH_SECONDS) == 1
            assert "a backup may have been put in the place of its store" in operator.said()
            assert "Traceback" not in operator.said()
        async with begin(api, server, tmp_path, "second"):
            await operator.until(lambda: _there(api, "Deployment"))


async def test_what_answers_in_the_api_servers_place_ends_nothing(tmp_path: Path) -> None:
    """A gateway that has lost its upstream, and one that asks for a login under the status of a success."""
    api = FakeApi()
    async with start(api, tmp_path) as operator:
        await operator.answers("/readyz")
        for instead in ((502, '"bad gateway"'), (200, "<html>Sign in</html>"), (200, "{}")):
            api.instead = instead
            asked = len(api.requests)
            await operator.until(lambda: sum("/leases" in r.path for r in api.requests[asked:]) >= 3)  # noqa: B023
            api.instead = None
        api.put(model_bundle())
        await operator.until(lambda: _there(api, "Deployment"))
        assert operator.process.returncode is None


async def test_limits_of_a_directory_hold_from_the_start(tmp_path: Path) -> None:
    limits = tmp_path / "limits"
    limits.mkdir()
    (limits / "artifactPrefixes").write_text("s3://elsewhere\n")
    async with start(FakeApi(), tmp_path, MODELBUNDLE_LIMITS_DIRECTORY=str(limits)) as operator:
        operator.api.put(model_bundle())
        await operator.until(lambda: bool(operator.api.cluster.objects["ModelBundle", *KEY.place].get("status")))
        (ready,) = (
            condition
            for condition in operator.api.cluster.objects["ModelBundle", *KEY.place]["status"]["conditions"]
            if condition["type"] == "Ready"
        )
        assert (ready["status"], ready["reason"]) == ("False", "InvalidValue")
        assert "the limit artifactPrefixes allows s3://elsewhere" in ready["message"]
        assert not _there(operator.api, "Deployment")


async def test_one_namespace_is_watched_where_only_that_is_asked_for(tmp_path: Path) -> None:
    async with start(FakeApi(), tmp_path, MODELBUNDLE_WATCH_NAMESPACES="models") as running:
        await running.until(lambda: len(running.api.watches) == len(WATCHED))
        paths = {
            r.path
            for r in running.api.requests
            if r.path.rpartition("/")[2] in {*LABELLED, "modelbundles", "modelendpoints"}
        }
        assert all("/namespaces/models/" in path for path in paths), paths
