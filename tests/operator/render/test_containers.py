"""What single containers have: CPUs, caches and devices of the worker, memory of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from modelbundle_operator.api.names import ANNOTATION_TEMPLATE, parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import desired
from modelbundle_operator.settings import Settings

from tools.testkit.model_bundles import model_bundle


def rendered(serving: dict[str, Any] | None, live: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The Deployment."""
    bundle = parse(model_bundle(serving=serving, **fields))
    return desired(bundle, resolve(bundle), Settings(), live).deployment


def container(deployment: dict[str, Any], name: str) -> dict[str, Any]:
    pod = deployment["spec"]["template"]["spec"]
    (found,) = (one for one in [*pod["initContainers"], *pod["containers"]] if one["name"] == name)
    return dict(found)


def env(deployment: dict[str, Any], name: str = "worker") -> dict[str, str]:
    return {entry["name"]: entry.get("value", "") for entry in container(deployment, name)["env"]}


@pytest.mark.parametrize(
    ("resources", "cpus"),
    [
        (None, None),
        ({}, None),
        ({"memory": "1Gi"}, None),
        ({"cpu": 4}, "4"),
        ({"cpu": "500m"}, "1"),
        ({"cpu": "2.5", "memory": "1Gi"}, "3"),
        ({"cpu": 0}, "1"),
    ],
)
def test_the_worker_knows_the_cpus_that_its_bundle_asks_for(resources, cpus):
    deployment = rendered({"resources": resources} if resources is not None else None, requirements=["numpy"])
    assert env(deployment).get("MODELBUNDLE_CPUS") == cpus
    for other in ("prepare", "install", "server"):
        assert "MODELBUNDLE_CPUS" not in env(deployment, other)


def test_no_thread_count_is_set_over_the_images_own():
    names = env(rendered({"resources": {"cpu": 4}})).keys()
    assert not {name for name in names if name.endswith("_THREADS")}, "ENV of the image would not count"


def test_home_is_a_place_of_its_own_in_the_workers_tmp():
    deployment = rendered(None, requirements=["numpy"])
    worker, install = env(deployment), env(deployment, "install")
    assert (worker["HOME"], worker["XDG_CACHE_HOME"], worker["TMPDIR"]) == ("/tmp/home", "/tmp/home/.cache", "/tmp")
    assert (install["HOME"], install["XDG_CACHE_HOME"], install["TMPDIR"]) == ("/tmp", "/tmp/.cache", "/tmp")
    assert "TORCHINDUCTOR_CACHE_DIR" not in worker


def test_a_place_that_the_bundle_names_counts():
    assert env(rendered(None, env=[{"name": "XDG_CACHE_HOME", "value": "/tmp/mine"}]))["XDG_CACHE_HOME"] == "/tmp/mine"


def test_a_pod_of_the_operator_before_keeps_its_home():
    """Its worker, of the runtime image before, clears HOME too: nothing may be restarted for that."""
    live = rendered({"resources": {"cpu": 4}})
    old = json.loads(live["metadata"]["annotations"][ANNOTATION_TEMPLATE])
    (worker,) = old["spec"]["containers"]
    worker["env"] = [entry for entry in worker["env"] if entry["name"] not in ("MODELBUNDLE_CPUS", "HOME")]
    worker["env"].append({"name": "HOME", "value": "/tmp"})
    live["metadata"]["annotations"][ANNOTATION_TEMPLATE] = json.dumps(old)
    assert rendered({"resources": {"cpu": 4}}, live)["spec"]["template"] == old


GIVEN = ["NVIDIA_VISIBLE_DEVICES", "NVIDIA_IMEX_CHANNELS", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
         "HABANA_VISIBLE_DEVICES", "NVIDIA_MIG_CONFIG_DEVICES"]  # fmt: skip


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("name", GIVEN)
def test_a_bundle_of_an_older_crd_does_not_see_the_gpus_of_others(name, count):
    variables = [{"name": name, "value": "all"}, {"name": "CUDA_VISIBLE_DEVICES", "value": "1"}]
    seen = env(rendered({"gpu": {"count": count}}, env=variables))
    assert seen.get(name) == ("void" if (name, count) == ("NVIDIA_VISIBLE_DEVICES", 0) else None)
    assert seen["CUDA_VISIBLE_DEVICES"] == "1"


@pytest.mark.parametrize(
    ("serving", "memory"),
    [
        ({}, "1Gi"),
        ({"maxRequestBytes": 1024}, "1Gi"),
        ({"maxRequestBytes": 128 * 1024 * 1024}, "2Gi"),
        ({"maxRequestBytes": 100 * 1024 * 1024 + 1}, "1601Mi"),
        ({"maxRequestBytes": 128 * 1024 * 1024, "serverResources": {"memory": "700Mi"}}, "700Mi"),
    ],
)
def test_the_servers_memory_follows_the_largest_request(serving, memory):
    assert container(rendered(serving), "server")["resources"]["limits"] == {"memory": memory}
