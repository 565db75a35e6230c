"""What a quota or a LimitRange says to the pods, with the field of the bundle that is meant."""

from __future__ import annotations

import pytest
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.observation import Rollout

from tests.operator.judge.test_conditions import seen

POD = 'pods "m-1" is forbidden: '


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("failed quota: cpu: must specify limits.cpu for: prepare,server,worker", "serving.resources.cpuLimit"),
        ("failed quota: q: must specify limits.cpu,limits.memory for: worker", "serving.resources.cpuLimit"),
        ("failed quota: q: must specify limits.memory for: worker", "serving.resources.memory"),
        (
            'spec.containers[0].resources.requests: Invalid value: "250m": must be less than or equal to cpu limit of'
            " 200m",
            "serving.resources.cpuLimit",
        ),
        ("maximum memory usage per Container is 512Mi, but limit is 1Gi", "serving.prepareResources.memory"),
        (
            "memory max limit to request ratio per Container is 4, but provided ratio is 8.000000",
            "serving.serverResources.memory",
        ),
        ("minimum cpu usage per Container is 100m, but request is 50m", "serving.prepareResources.cpu"),
        ("maximum cpu usage per Container is 2, but no limit is specified", "serving.resources.cpuLimit"),
        ("exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5", "Change what it names."),
    ],
)
def test_the_field_is_named(said: str, field: str) -> None:
    ready = judge(seen(rollout=Rollout(observed=True, refused=POD + said))).conditions[0]
    assert (ready.status, ready.reason) == ("False", "PodsRefused")
    assert said.rstrip(".") in ready.message.replace("'", '"')
    assert field in ready.message
    assert ready.message.endswith("The Deployment tries again automatically.")
