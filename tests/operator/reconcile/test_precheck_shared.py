"""Bundles whose artifact, image and requirements are the same are tried once for all of them."""

from __future__ import annotations

from modelbundle_operator.loop.key import Key

from tests.operator.world import running
from tools.testkit.cluster_objects import model_bundle

GPU = {"gpu": {"count": 1}}


async def test_of_twenty_clones_one_makes_the_job_and_all_start_when_it_has_passed() -> None:
    async with running() as town:
        names = [f"v{number}" for number in range(20)]
        town.apply(*(model_bundle(name, serving=GPU, appConfig={"n": n}) for n, name in enumerate(names)))
        await town.settle()
        made = [body for (kind, *_), body in town.cluster.objects.items() if kind == "Job"]
        assert len(made) == 1
        assert not [kind for kind, *_ in town.cluster.objects if kind == "Deployment"]
        at = Key("models", made[0]["metadata"]["name"], "Job")
        done = town.cluster.set_status("Job", at, conditions=[{"type": "Complete", "status": "True"}])
        town.on_event("MODIFIED", done)
        await town.settle()
        assert len([kind for kind, *_ in town.cluster.objects if kind == "Deployment"]) == 20
        assert not [kind for kind, *_ in town.cluster.objects if kind == "Job"]
        assert len({town.status(name)["checked"] for name in names}) == 1
        town.apply(model_bundle("late", serving=GPU))
        await town.settle()
        assert ("Deployment", "models", "late") in town.cluster.objects
        assert town.cluster.calls["create", "Job"] <= 20, "nineteen were refused, as there was one"
        assert town.cluster.calls["delete", "Job"] == 1


async def test_when_the_bundle_that_has_the_job_goes_another_one_makes_it() -> None:
    async with running() as town:
        town.apply(model_bundle("a", serving=GPU), model_bundle("b", serving=GPU))
        await town.settle()
        (job,) = [body for (kind, *_), body in town.cluster.objects.items() if kind == "Job"]
        owner = job["metadata"]["ownerReferences"][0]["name"]
        other = "b" if owner == "a" else "a"
        town.on_event("DELETED", town.cluster.delete("Job", Key("models", job["metadata"]["name"], "Job")))
        town.delete(owner)
        await town.settle()
        (job,) = [body for (kind, *_), body in town.cluster.objects.items() if kind == "Job"]
        assert job["metadata"]["ownerReferences"][0]["name"] == other
