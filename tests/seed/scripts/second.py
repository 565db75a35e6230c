"""What a user does next, in the seed's own Python: serve what the blocks made, call it, clone it, clean up.

Through LaunchClient only. Each step is one line of JSON on standard output.
"""

import os
import sys
import time

from steps import settled, step

from launch import EndpointRequest, LaunchClient

SMALL = {"cpus": "10m", "memory": "256Mi"}
SINGLE = {"kind": "single", "x": 2, "y": "abc"}
BATCHED = {"kind": "batched", "x": [1, 2], "y": ["a", "bc"]}

client = LaunchClient(api_key=os.getenv("LAUNCH_API_KEY"))


def oldest_first(bundles):
    return sorted(bundles, key=lambda bundle: bundle.created_at)


# the blocks' bundles in the order in which they were made: two blocks give theirs the same name
BUNDLES = oldest_first(client.list_model_bundles())
BY_ROLE = dict(zip(sys.argv[1:], BUNDLES))  # noqa: B905
direct = BY_ROLE["direct"]
single = BY_ROLE["single"]
batched = BY_ROLE["batched"]
CLONES = []


@step("list")
def listed():
    return [
        [bundle.name, bundle.id, bundle.packaging_type, bundle.app_config, bundle.requirements] for bundle in BUNDLES
    ]


@step("newest of a name")
def newest():
    return client.get_model_bundle("test-bundle").id


@step("clone")
def clone():
    CLONES.append(client.clone_model_bundle_with_changes(single, {"mode": "single", "from": "a clone"}))
    return [CLONES[0].name, CLONES[0].id, CLONES[0].model_bundle_id, CLONES[0].app_config]


# everything starts at once: most of the time is the kubelet's, and it passes for all
@step("deploy")
def deploy():
    for bundle in [*(BY_ROLE[role] for role in BY_ROLE if role != "direct"), *CLONES]:
        bundle.deploy(replicas=1, gpus=0, **SMALL)
    return len(BY_ROLE) - 1 + len(CLONES)


@step("create endpoint")
def create_endpoint():
    endpoint = client.create_model_endpoint(
        endpoint_name="test-endpoint",
        model_bundle=direct,
        cpus=SMALL["cpus"],
        memory=SMALL["memory"],
        storage="100Mi",
        gpus=0,
        min_workers=1,
        max_workers=1,
        endpoint_type="sync",
        labels={"team": "seed", "product": "tests"},
    )
    return endpoint.model_endpoint.name


@step("direct by its endpoint")
def by_endpoint():
    endpoint = client.get_model_endpoint("test-endpoint")
    assert endpoint is not None
    deadline = time.monotonic() + 400
    while endpoint.status() != "READY" and time.monotonic() < deadline:
        time.sleep(0.3)
    answer = endpoint.predict(EndpointRequest(args={"x": 2, "y": "abc"}))
    return [answer.status, answer.result, answer.traceback]


@step("single")
def predict_single():
    single.wait(timeout=300)
    return single.predict(**SINGLE)


@step("single without kind")
def predict_without_kind():
    return single.predict(x=2, y="abc")


@step("batched loads")
def load_batched():
    return batched.wait(timeout=300).id


@step("batched")
def predict_batched():
    return batched.predict(**BATCHED)


@step("clone answers")
def predict_clone():
    CLONES[0].wait(timeout=300)
    return CLONES[0].predict(**SINGLE)


if "corrected" in BY_ROLE:

    @step("corrected directories")
    def predict_corrected():
        BY_ROLE["corrected"].wait(timeout=300)
        return BY_ROLE["corrected"].predict(x=2, y="abc")


if "directories" in BY_ROLE:

    @step("directories")
    def wait_for_directories():
        return settled(BY_ROLE["directories"], 300)


@step("clean up")
def clean_up():
    deleted = client.delete_model_endpoint("test-endpoint")
    for bundle in [*CLONES, *BUNDLES]:
        bundle.delete()
    return [deleted, len(client.list_model_bundles()), len(client.list_model_endpoints())]
