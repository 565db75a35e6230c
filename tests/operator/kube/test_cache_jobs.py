"""Jobs in the cache: by their bundle, as little as is read of them, and what bundles say to be good."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.status import Layer
from modelbundle_operator.judge.jobs import observe_job
from modelbundle_operator.kube.cache import ObjectCache, keys_for
from modelbundle_operator.kube.kept import keep
from modelbundle_operator.loop.key import Key

from tools.testkit.cluster_objects import at, layer, model_bundle

Body = dict[str, Any]
KEY = Key("models", "llama")
INPUTS = "sha256:" + "1" * 64
AT = Key("models", "modelbundle-precheck-1", "Job")


def job(version: int = 2, **metadata: Any) -> Body:
    labels = {"app.kubernetes.io/managed-by": "modelbundle-operator", "modelbundle.dev/bundle": "llama"}
    owner = {"kind": "ModelBundle", "name": "llama", "uid": "uid-of-llama", "controller": True}
    made = {"name": AT.name, "namespace": "models", "uid": "j", "labels": labels, "ownerReferences": [owner]}
    spec = {"template": {"spec": {"containers": [{"name": "install", "image": "x"}]}}}
    return {"kind": "Job", "metadata": {**made, "resourceVersion": str(version), **metadata}, "spec": spec}


def bundle(version: int = 1, checked: str = "", name: str = "llama", **status: Any) -> Body:
    body = model_bundle(name)
    body["metadata"]["resourceVersion"] = str(version)
    said = {**status, **({"checked": checked} if checked else {})}
    return {**body, "status": said} if said else body


@pytest.fixture
def cache() -> ObjectCache:
    made = ObjectCache()
    made.observe("ModelBundle", "ADDED", bundle())
    return made


def test_a_job_is_found_by_its_bundle_and_wakes_it(cache: ObjectCache) -> None:
    assert keys_for("Job", job()) == {KEY}
    assert cache.observe("Job", "ADDED", job())
    assert cache.jobs(KEY) == [cache.job("models", AT.name)] == [observe_job(job())]
    assert cache.observe("Job", "DELETED", job(3))
    assert (cache.jobs(KEY), cache.job("models", AT.name)) == ([], None)


def test_what_we_deleted_is_gone_at_once_and_an_echo_brings_nothing_back(cache: ObjectCache) -> None:
    cache.observe("Job", "ADDED", job())
    cache.removed("Job", AT)
    assert cache.jobs(KEY) == []
    assert not cache.observe("Job", "MODIFIED", job())
    cache.observe("Job", "DELETED", job(3))
    cache.removed("Job", AT)
    assert cache.jobs(KEY) == []


def test_a_job_of_nobody_we_know_is_not_kept(cache: ObjectCache) -> None:
    stranger = {"kind": "CronJob", "name": "llama", "uid": "u", "controller": True}
    assert not cache.observe("Job", "ADDED", job(ownerReferences=[stranger]))
    assert not cache.observe("Job", "ADDED", job(labels={"modelbundle.dev/bundle": "other"}))


def test_of_its_template_nothing_is_kept() -> None:
    assert keep("Job", job()).body == observe_job(job())


def test_what_is_good_is_known_while_a_bundle_says_so(cache: ObjectCache) -> None:
    cache.observe("ModelBundle", "MODIFIED", bundle(2, "sha256:1"))
    assert cache.checked("models", "sha256:1")
    assert not cache.checked("others", "sha256:1")
    cache.observe("ModelBundle", "MODIFIED", bundle(3, "sha256:2"))
    assert not cache.checked("models", "sha256:1")
    cache.observe("ModelBundle", "DELETED", bundle(4, "sha256:2"))
    assert not cache.checked("models", "sha256:2")


def said(seconds: float = 0) -> Body:
    return {"inputs": INPUTS, "time": at(seconds), **layer()}


def test_a_layer_is_known_while_a_bundle_of_the_namespace_says_so(cache: ObjectCache) -> None:
    cache.observe("ModelBundle", "MODIFIED", bundle(2, layer=said()))
    cache.observe("ModelBundle", "MODIFIED", bundle(3, name="clone", layer=said()))
    assert list(cache.layers("models", INPUTS)) == [Layer.model_validate(said())]
    assert not list(cache.layers("others", INPUTS))
    assert not list(cache.layers("models", "sha256:other"))
    cache.observe("ModelBundle", "DELETED", bundle(4, layer=said()))
    assert list(cache.layers("models", INPUTS)) == [Layer.model_validate(said())]
    cache.observe("ModelBundle", "MODIFIED", bundle(5, name="clone", layer=said(7)))
    assert list(cache.layers("models", INPUTS)) == [Layer.model_validate(said(7))]
    cache.observe("ModelBundle", "MODIFIED", bundle(6, name="clone"))
    assert not list(cache.layers("models", INPUTS))


@pytest.mark.parametrize("written", ["text", [], {"digest": 7}, {**said(), "bytes": "many"}, {**said(), "uri": "x"}])
def test_a_layer_that_another_version_has_written_otherwise_is_none(cache: ObjectCache, written: Any) -> None:
    cache.observe("ModelBundle", "MODIFIED", bundle(2, layer=written))
    assert not list(cache.layers("models", INPUTS))
