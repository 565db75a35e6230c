"""A child is created by POST, and a later apply owns all of it: what it no longer names goes."""

from __future__ import annotations

from modelbundle_operator.reconcile.drift import foreign_fields
from modelbundle_operator.reconcile.ownership import as_applied, was_posted

from tests.operator.contract import AnyCluster, deployment, env, until_written


async def test_what_was_posted_becomes_an_apply_s_and_loses_what_is_no_longer_applied(
    api: tuple[AnyCluster, str],
) -> None:
    cluster, namespace = api
    made = await cluster.create(deployment(namespace, A="1", B="2"))
    assert was_posted(made)
    assert not foreign_fields(made)
    taken = await until_written(cluster, namespace, lambda live: cluster.replace(as_applied(live)))
    assert not was_posted(taken)
    assert taken["spec"] == made["spec"]
    assert taken["metadata"]["generation"] == 1
    same = await until_written(cluster, namespace, lambda _: cluster.apply(deployment(namespace, A="1", B="2")))
    assert same["spec"] == made["spec"], "defaults that the POST took for ours come back as they were"
    changed = await cluster.apply(deployment(namespace, A="1"))
    assert env(changed) == {"A": "1"}
    assert len([entry for entry in changed["metadata"]["managedFields"] if not entry.get("subresource")]) == 1
