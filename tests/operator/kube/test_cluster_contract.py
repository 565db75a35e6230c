"""What the operator relies on of an API server; the fake one and a real one answer alike."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

import pytest
from modelbundle_operator.errors import Conflict, Transient
from modelbundle_operator.reconcile.drift import foreign_fields, without_foreign

from tests.operator.contract import AnyCluster, Body, config_map, deployment, env, until_written, version
from tests.operator.fake_cluster import FakeCluster
from tools.testkit.cluster_objects import model_bundle
from tools.testkit.kubectl import kubectl


async def test_what_is_absent_is_none(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    assert await cluster.get("ConfigMap", namespace, "contract") is None


async def test_apply_creates_and_a_second_one_changes_nothing(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    made = await cluster.apply(config_map(namespace, a="1"))
    assert made["kind"] == "ConfigMap"
    assert made["metadata"]["uid"]
    again = await cluster.apply(config_map(namespace, a="1"))
    assert (version(again), again["data"]) == (version(made), {"a": "1"})
    found = await cluster.get("ConfigMap", namespace, "contract")
    assert found is not None
    assert version(found) == version(made)


async def test_every_character_survives_an_apply(api: tuple[AnyCluster, str]) -> None:
    """The API server reads an apply as YAML, which has no surrogate pairs."""
    cluster, namespace = api
    text = '\u65e5\u672c \U0001f389 \\ud83c\\udf89 \x7f \x85 \u2028 \ufeff \x01 " \\'
    made = await cluster.apply(config_map(namespace, a=text))
    assert made["data"] == {"a": text}


async def test_apply_takes_back_what_is_no_longer_applied(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    made = await cluster.apply(config_map(namespace, a="1", b="2"))
    changed = await cluster.apply(config_map(namespace, a="1"))
    assert changed["data"] == {"a": "1"}
    assert version(changed) > version(made)


async def test_only_a_change_of_spec_raises_the_generation(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    made = await cluster.apply(deployment(namespace, A="1"))
    assert made["metadata"]["generation"] == 1
    labelled = deployment(namespace, A="1")
    labelled["metadata"]["labels"]["more"] = "yes"
    assert (await cluster.apply(labelled))["metadata"]["generation"] == 1
    assert (await cluster.apply(deployment(namespace, A="2")))["metadata"]["generation"] == 2


async def test_a_foreign_addition_survives_an_apply_and_not_a_replace(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    await cluster.apply(deployment(namespace, A="1"))
    live = await _edited(cluster, namespace)
    assert env(await cluster.apply(deployment(namespace, A="1"))) == {"A": "1", "FOREIGN": "1"}
    assert foreign_fields(live)
    restored = await _restored(cluster, namespace)
    assert env(restored) == {"A": "1"}
    assert not foreign_fields(restored)


async def test_replace_of_an_old_version_is_refused_for_now(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    old = await cluster.apply(config_map(namespace, a="1"))
    await cluster.apply(config_map(namespace, a="2"))
    with pytest.raises(Transient):
        await cluster.replace(old)


async def test_only_the_very_object_is_removed_and_one_that_has_gone_is_no_error(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    made = await cluster.create(config_map(namespace, a="1"))
    with pytest.raises(Conflict):
        await cluster.remove("ConfigMap", namespace, "contract", "00000000-0000-0000-0000-000000000000")
    assert await cluster.get("ConfigMap", namespace, "contract") is not None
    for _ in range(2):
        await cluster.remove("ConfigMap", namespace, "contract", made["metadata"]["uid"])
    assert await cluster.get("ConfigMap", namespace, "contract") is None


async def test_list_holds_what_carries_our_label(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    made = await cluster.apply(config_map(namespace, a="1"))
    stranger = config_map(namespace, a="1")
    stranger["metadata"] |= {"name": "stranger", "labels": {}}
    await cluster.apply(stranger)
    bodies, at = await cluster.list("ConfigMap", namespace)
    assert [(body["kind"], body["metadata"]["name"]) for body in bodies] == [("ConfigMap", "contract")]
    assert at >= version(made)


@pytest.mark.parametrize("needed", [True, False])
async def test_of_a_list_of_metadata_only_what_is_needed_is_read(api: tuple[AnyCluster, str], needed: bool) -> None:
    cluster, namespace = api
    made = await cluster.apply(config_map(namespace, a="1"))
    heads: list[Body] = []

    def needs(head: Body) -> bool:
        heads.append(head)
        return needed

    bodies, at = await cluster.list("ConfigMap", namespace, needs=needs)
    assert [body["data"] for body in bodies] == ([{"a": "1"}] if needed else [])
    assert at >= version(made)
    (head,) = heads
    assert set(head) == {"metadata"}
    for name in ("name", "namespace", "uid", "resourceVersion", "labels"):
        assert head["metadata"][name] == made["metadata"][name]


async def test_a_list_of_metadata_may_be_empty(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    assert (await cluster.list("ConfigMap", namespace, needs=lambda head: True))[0] == []


async def test_status_is_written_apart_from_the_spec(api: tuple[AnyCluster, str]) -> None:
    cluster, _ = api
    condition = {"type": "Ready", "status": "True", "reason": "Stored", "message": "", "observedGeneration": 1,
                 "lastTransitionTime": "2026-01-01T00:00:00Z"}  # fmt: skip
    startup = {"startup": {"load": 1.5, "ready": 2.0}}
    status = {"observedGeneration": 1, "conditions": [condition], "replicas": 0}

    async def scenario(bundle: Body) -> None:
        written = await cluster.apply_status(_with_status(bundle, {**status, **startup}))
        assert written["status"] == {**status, **startup}
        assert written["metadata"]["generation"] == bundle["metadata"]["generation"]
        assert written["spec"] == bundle["spec"]
        again = await cluster.apply_status(_with_status(written, status))
        assert again["status"] == status
        assert version(await cluster.apply_status(_with_status(again, status))) == version(again)

    await _before_the_operator(api, scenario)


async def test_status_of_another_version_or_of_nobody_is_not_written(api: tuple[AnyCluster, str]) -> None:
    cluster, _ = api

    async def scenario(bundle: Body) -> None:
        await cluster.apply_status(_with_status(bundle, {"observedGeneration": 1}))
        with pytest.raises(Transient):
            await cluster.apply_status(_with_status(bundle, {"observedGeneration": 2}))
        gone = {**bundle, "metadata": {**bundle["metadata"], "name": "nobody"}}
        with pytest.raises(Transient):
            await cluster.apply_status(_with_status(gone, {"observedGeneration": 1}))

    await _before_the_operator(api, scenario)


async def test_what_is_there_is_not_created_again(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    made = await cluster.create(config_map(namespace, a="1"))
    with pytest.raises(Conflict):
        await cluster.create(config_map(namespace, a="2"))
    found = await cluster.get("ConfigMap", namespace, "contract")
    assert found is not None
    assert (version(found), found["data"]) == (version(made), {"a": "1"})


@pytest.mark.parametrize("of", ["an older version", "a former object of its name"])
async def test_an_apply_to_what_has_passed_changes_nothing(api: tuple[AnyCluster, str], of: str) -> None:
    cluster, namespace = api
    seen = (await cluster.apply(config_map(namespace, a="1")))["metadata"]
    await cluster.apply(config_map(namespace, a="2"))
    uid = seen["uid"] if of == "an older version" else str(uuid.uuid4())
    with pytest.raises(Conflict):
        await cluster.apply(_of(config_map(namespace, a="3"), {"uid": uid, "resourceVersion": seen["resourceVersion"]}))
    found = await cluster.get("ConfigMap", namespace, "contract")
    assert found is not None
    assert found["data"] == {"a": "2"}


async def test_an_apply_to_what_has_gone_makes_nothing(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    late = {"uid": str(uuid.uuid4()), "resourceVersion": "1"}
    with pytest.raises(Conflict):
        await cluster.apply(_of(config_map(namespace, a="1"), late))
    assert await cluster.get("ConfigMap", namespace, "contract") is None


def _of(body: Body, seen: Body) -> Body:
    return {**body, "metadata": {**body["metadata"], **seen}}


async def _before_the_operator(api: tuple[AnyCluster, str], scenario: Callable[[Body], Awaitable[None]]) -> None:
    """The real cluster's own operator writes the bundle's status too: where it was quicker, with another bundle."""
    cluster, namespace = api
    attempts = 1 if isinstance(cluster, FakeCluster) else 5
    for attempt in range(attempts):
        bundle = await _bundle(cluster, namespace, f"contract-{attempt}")
        try:
            return await scenario(bundle)
        except (Transient, AssertionError):
            if attempt == attempts - 1:
                raise


def _with_status(bundle: Body, status: Body) -> Body:
    only = {name: bundle["metadata"][name] for name in ("name", "namespace", "resourceVersion")}
    return {"apiVersion": bundle["apiVersion"], "kind": bundle["kind"], "metadata": only, "status": status}


async def _bundle(cluster: AnyCluster, namespace: str, name: str) -> Body:
    body = model_bundle(name, namespace)
    if isinstance(cluster, FakeCluster):
        return cluster.put(body)
    return await cluster.apply({**body, "metadata": {"name": name, "namespace": namespace}})


async def _restored(cluster: AnyCluster, namespace: str) -> Body:
    return await until_written(cluster, namespace, lambda live: cluster.replace(without_foreign(live)))


async def _edited(cluster: AnyCluster, namespace: str) -> Body:
    """kubectl set env."""
    if isinstance(cluster, FakeCluster):
        from modelbundle_operator.loop.key import Key

        def add(body: Body) -> None:
            body["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "FOREIGN", "value": "1"})

        return cluster.edit("Deployment", Key(namespace, "contract"), add)
    kubectl("set", "env", "deployment/contract", "FOREIGN=1", namespace=namespace)
    live = await cluster.get("Deployment", namespace, "contract")
    assert live is not None
    return live
