"""What doctor takes a bundle's pod for is what the operator renders."""

from __future__ import annotations

from bundle_spec.quantity import amount
from launch.doctor.namespace import HELPER_LIMIT, HELPER_REQUEST, POD, USER_IDS
from tests.operator.render.test_desired import containers, plan


def test_the_least_pod_is_the_rendered_one() -> None:
    found = containers(plan({"gpu": {"count": 0}}, requirements=["numpy"]))
    for resource, total in POD.items():
        asked = [amount(found[name]["resources"]["requests"][resource]) or 0 for name in ("server", "worker")]
        assert sum(asked) == amount(total), resource
    for name in ("prepare", "server"):
        assert found[name]["resources"] == {"requests": HELPER_REQUEST, "limits": HELPER_LIMIT}
    assert {container["securityContext"]["runAsUser"] for container in found.values()} == set(USER_IDS)
