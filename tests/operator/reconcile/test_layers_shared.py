"""Bundles of a namespace that need the same requirements have one layer: made once, found by all, and made again once
it is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from modelbundle_operator.loop.key import Key

from tests.operator.reconcile.test_clones import clone
from tests.operator.world import Running, running
from tools.testkit.cluster_objects import at, completed, ended, layer, model_bundle, precheck_pod, reported, serving_pod

Body = dict[str, Any]
NEEDS: Body = {"requirements": ["x==1"]}
STORED: Body = {"prepare": completed(), "install": completed(), "store": reported(layer=layer())}


def bundle(name: str, namespace: str = "models", replicas: int = 2, **fields: Any) -> Body:
    return model_bundle(name, namespace, serving={"replicas": replicas}, **NEEDS, **fields)


def jobs(town: Running) -> list[Body]:
    return [body for (kind, *_), body in town.cluster.objects.items() if kind == "Job"]


def owner(job: Body) -> str:
    return str(job["metadata"]["ownerReferences"][0]["name"])


def deployed(town: Running) -> set[str]:
    return {name for kind, _, name in town.cluster.objects if kind == "Deployment"}


def named(town: Running, name: str, namespace: str = "models") -> Any:
    text = town.cluster.objects["ConfigMap", namespace, name]["data"].get("layer.json")
    return None if text is None else json.loads(text)


def in_job(town: Running, job: Body, **containers: Any) -> None:
    """The Job's pod has come so far, and goes with its Job."""
    metadata = job["metadata"]
    made = precheck_pod(metadata["name"], metadata["uid"], bundle=owner(job), **containers)
    made["metadata"] |= {"namespace": metadata["namespace"]}
    town.on_event("ADDED", town.cluster.put(made))


def pod_of(town: Running, name: str, **containers: Any) -> None:
    """A pod of the bundle's Deployment."""
    digest = town.cluster.objects["Deployment", "models", name]["metadata"]["labels"]["modelbundle.dev/digest"]
    made = serving_pod(f"{name}-1", bundle=name, created=40, **containers)
    made["metadata"]["labels"]["modelbundle.dev/digest"] = digest
    town.on_event("ADDED", town.cluster.put(made))


async def test_of_twenty_clones_one_makes_it_and_all_have_it() -> None:
    async with running() as town:
        names = [f"v{number}" for number in range(20)]
        town.apply(bundle("base", replicas=0), *(clone(name, replicas=1, appConfig={"n": name}) for name in names))
        await town.settle()
        (job,) = jobs(town)
        assert not deployed(town)
        in_job(town, job, **STORED)
        await town.settle()
        assert deployed(town) == set(names)
        assert not jobs(town)
        assert [named(town, name) for name in names] == [layer()] * 20
        assert {json.dumps(town.status(name)["layer"], sort_keys=True) for name in names} == {
            json.dumps(town.status("v0")["layer"], sort_keys=True)
        }
        town.apply(clone("late", replicas=1, appConfig={"n": "late"}))
        await town.settle()
        assert "late" in deployed(town)
        assert named(town, "late") == layer()
        assert town.cluster.calls["delete", "Job"] == 1
        assert "layer" not in town.status("base"), "it is only stored"


async def test_one_that_waited_has_it_for_its_own_when_the_other_goes() -> None:
    async with running() as town:
        town.apply(bundle("a"), bundle("b"))
        await town.settle()
        (job,) = jobs(town)
        other = "b" if owner(job) == "a" else "a"
        in_job(town, job, **STORED)
        await town.settle()
        town.delete(owner(job))
        await town.settle()
        town.touch(other)
        await town.settle()
        assert named(town, other) == layer()
        assert town.status(other)["layer"]["uri"] == layer()["uri"]
        assert not jobs(town)
        town.apply(bundle("late"))
        await town.settle()
        assert named(town, "late") == layer()
        assert town.cluster.calls["create", "Job"] <= 2


async def test_when_the_one_that_makes_it_goes_before_another_one_makes_it() -> None:
    async with running() as town:
        town.apply(bundle("a"), bundle("b"))
        await town.settle()
        (job,) = jobs(town)
        town.on_event("DELETED", town.cluster.delete("Job", Key("models", job["metadata"]["name"], "Job")))
        town.delete(owner(job))
        await town.settle()
        (again,) = jobs(town)
        assert owner(again) != owner(job)
        in_job(town, again, **STORED)
        await town.settle()
        assert named(town, owner(again)) == layer()


async def test_another_namespace_has_none_of_it() -> None:
    async with running() as town:
        town.apply(bundle("a"))
        await town.settle()
        in_job(town, jobs(town)[0], **STORED)
        await town.settle()
        town.apply(bundle("a", "others"))
        await town.settle()
        (job,) = jobs(town)
        assert job["metadata"]["namespace"] == "others"
        assert named(town, "a", "others") is None


async def test_one_artifact_more_needs_no_other_layer() -> None:
    other: Body = {"uri": "s3://models/other/bundle.zip", "sha256": "f" * 64, "packaging": "zip"}
    async with running() as town:
        town.apply(bundle("a"))
        await town.settle()
        in_job(town, jobs(town)[0], **STORED)
        await town.settle()
        town.apply(bundle("b", artifact=other))
        await town.settle()
        assert not jobs(town)
        assert named(town, "b") == layer()
        gpu = bundle("c", artifact=other)
        gpu["spec"]["serving"]["gpu"] = {"count": 1}
        town.apply(gpu)
        await town.settle()
        (job,) = jobs(town)
        assert [each["name"] for each in job["spec"]["template"]["spec"]["containers"]] == ["install"]
        assert named(town, "c") == layer(), "the Job has it too"


async def test_of_two_that_make_it_at_once_for_two_artifacts_the_first_is_enough() -> None:
    """What its own Job says then is nothing against the layer that there is."""
    other: Body = {"uri": "s3://models/other/bundle.zip", "sha256": "f" * 64, "packaging": "zip"}
    gpu = bundle("b", artifact=other)
    gpu["spec"]["serving"]["gpu"] = {"count": 1}
    async with running() as town:
        town.apply(bundle("a"), gpu)
        await town.settle()
        jobs_of = {owner(job): job for job in jobs(town)}
        in_job(town, jobs_of["a"], **STORED)
        await town.settle()
        in_job(town, jobs_of["b"], **{**STORED, "store": reported(9, noLayer="the disk is full")})
        await town.settle()
        for name in "ab":
            town.touch(name)
        await town.at_rest()
        assert [named(town, name) for name in "ab"] == [layer()] * 2
        assert not jobs(town)
        assert deployed(town) == {"a", "b"}


@pytest.mark.parametrize("end", [reported(noLayer="may not write"), ended(137, reason="OOMKilled")], ids=["no", "137"])
async def test_where_none_can_be_made_the_next_ones_start_at_once(end: Body) -> None:
    async with running() as town:
        town.apply(bundle("a"), bundle("b"))
        await town.settle()
        in_job(town, jobs(town)[0], prepare=completed(), install=completed(), store=end)
        await town.settle()
        elsewhere: Body = {"uri": "s3://models/d.zip", "sha256": "f" * 64, "packaging": "zip"}
        town.apply(bundle("c"), bundle("d", artifact=elsewhere))
        await town.settle()
        assert deployed(town) == {"a", "b", "c", "d"}
        assert not jobs(town)
        for name in "cd":  # whose first pods are waited for
            town.touch(name)
        await town.settle()
        await town.at_rest()
        assert len({town.status(name)["layer"]["message"] for name in "abcd"}) == 1


async def test_one_that_was_lost_is_made_again_and_found_by_all() -> None:
    async with running() as town:
        town.apply(bundle("a"), bundle("b"))
        await town.settle()
        in_job(town, jobs(town)[0], **STORED)
        await town.settle()
        failed = {"why": "NotFound", "message": "404", "sha256": layer()["sha256"]}
        pod_of(town, "b", prepare=reported(44, layerFailed=failed), install=completed())
        await town.settle()
        assert named(town, "b") is None
        town.touch("a")
        await town.at_rest()
        assert named(town, "a") is None, "whatever its own pods have found before"

        town.apply(bundle("c"))
        await town.settle()
        (job,) = jobs(town)
        in_job(town, job, **{**STORED, "store": reported(70, layer=layer())})
        await town.settle()
        for name in "ab":
            town.touch(name)
        await town.at_rest()
        assert [named(town, name) for name in "abc"] == [layer()] * 3
        assert {town.status(name)["layer"]["time"] for name in "abc"} == {at(70)}


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00+99:99", "9999-12-31T23:59:59Z", "2026-01-01t00:00:00z"])
@pytest.mark.parametrize("replicas", [0, 1])
async def test_what_somebody_else_writes_into_a_status_is_no_word_of_it(time: str, replicas: int) -> None:
    """A custom resource takes times that Python does not, and ones that no operator has seen."""
    async with running() as town:
        town.apply(bundle("a"))
        await town.settle()
        in_job(town, jobs(town)[0], **STORED)
        await town.settle()
        known = town.status("a")["layer"]
        written = bundle("odd", replicas=replicas)
        written["status"] = {"layer": {"inputs": known["inputs"], "time": time, "message": "there is none"}}
        town.apply(written)
        await town.settle()
        town.apply(bundle("late"))
        await town.settle()
        for name in ("a", "odd", "late"):
            town.touch(name)
        await town.settle()
        assert town.status("a")["layer"] == town.status("late")["layer"] == known
        assert [town.reason(name) for name in ("a", "odd", "late")] == [
            "Progressing",
            "Progressing" if replicas else "Stored",
            "Progressing",
        ]


async def test_no_second_bundle_waits_for_a_node_that_the_job_of_the_first_has_not_found() -> None:
    async with running() as town:
        town.apply(bundle("a"))
        await town.settle()
        (job,) = jobs(town)
        job["metadata"]["creationTimestamp"] = at(-120)
        town.on_event("MODIFIED", town.cluster.put(job))
        await town.settle()
        assert deployed(town) == {"a"}
        town.apply(bundle("b"), bundle("c", replicas=1))
        await town.settle()
        assert deployed(town) == {"a", "b", "c"}
        assert not jobs(town)
        assert "had no node after 120 s" in town.status("a")["layer"]["message"]
        for name in "abc":
            town.touch(name)
        await town.settle()
        await town.at_rest()
