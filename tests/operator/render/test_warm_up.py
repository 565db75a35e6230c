"""`serving.warmUp` reaches prepare, which checks it, and the worker, which predicts it; without it nothing changes."""

from __future__ import annotations

from typing import Any

from bundle_runtime.contract.warm_up import VARIABLE
from tests.operator.render.test_containers import env, rendered
from tests.operator.render.test_desired import plan
from tests.operator.render.test_precheck import GPU, inputs, job, spec

TEXT = '{"price": "$(HOME)"}'
WARM: dict[str, Any] = {**GPU, "warmUp": TEXT}
ESCAPED = '{"price": "$$(HOME)"}'  # the kubelet makes one $ of two, and fills nothing in


def test_prepare_and_the_worker_have_it_and_nobody_else() -> None:
    deployment = rendered(WARM, requirements=["numpy"])
    for name in ("prepare", "worker"):
        assert env(deployment, name)[VARIABLE] == ESCAPED
    for name in ("install", "server"):
        assert VARIABLE not in env(deployment, name)


def test_the_template_of_what_has_none_is_as_before() -> None:
    live = plan(GPU).deployment
    assert VARIABLE not in str(live)
    assert plan(GPU, live=live).deployment == live
    assert plan(WARM, live=live).deployment["spec"]["template"] != live["spec"]["template"]


def test_it_is_no_part_of_the_digest() -> None:
    assert rendered(WARM)["metadata"]["labels"] == rendered(GPU)["metadata"]["labels"]
    assert env(rendered(WARM))["MODELBUNDLE_DIGEST"] == env(rendered(GPU))["MODELBUNDLE_DIGEST"]


def test_another_one_is_tried_before_a_gpu_is_taken() -> None:
    prepare = spec(job(WARM))["initContainers"][0]
    assert {"name": VARIABLE, "value": ESCAPED} in prepare["env"]
    assert len({inputs(GPU), inputs(WARM), inputs({**WARM, "warmUp": "{}"})}) == 3
