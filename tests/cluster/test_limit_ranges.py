"""A namespace with a LimitRange: each container of a bundle can be made to fit, and one that does not is said with the
field. The pods wait for a node, as admission is what this is about."""

from __future__ import annotations

from collections.abc import Callable

from tests.cluster.bundles import cpu_bundle, wait_condition
from tests.cluster.test_doctor import doctor
from tools.testkit.kubectl import Manifest, apply, condition, list_all
from tools.testkit.place import Place
from tools.testkit.store import Store

NOWHERE: Manifest = {"nodeSelector": {"there.is": "none"}}
OF_EACH: Manifest = {
    "type": "Container",
    "min": {"cpu": "100m"},
    "max": {"memory": "512Mi"},
    "maxLimitRequestRatio": {"memory": "4"},
    "default": {"cpu": "500m"},
    "defaultRequest": {"cpu": "100m"},
}
PART: Manifest = {"cpu": "100m", "memory": "256Mi"}
FITS: Manifest = {
    "resources": {**PART, "cpu": "1", "cpuLimit": "1"},  # more than the default, and so with a limit of its own
    "serverResources": PART,
    "prepareResources": PART,
}


def test_what_fits_is_admitted_and_what_does_not_is_said_with_its_field(
    operator: Callable[[], None], store: Store, place: Place, namespace: str
) -> None:
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "tight"}, "spec": {"limits": [OF_EACH]}}
    apply(limits, namespace=namespace)
    apply(
        cpu_bundle(store, "fits", requirements=["humanize==4.10.0"], serving={**NOWHERE, **FITS}),
        cpu_bundle(store, "large", serving={**NOWHERE, **FITS, "resources": {**FITS["resources"], "memory": "1Gi"}}),
        cpu_bundle(store, "server", serving={**NOWHERE, **FITS, "serverResources": {"cpu": "100m"}}),
        cpu_bundle(store, "slow", serving={**NOWHERE, **FITS, "resources": {**PART, "cpu": "1"}}),
        namespace=namespace,
    )
    said = {
        "large": "Memory is serving.resources.memory for worker and install",
        "server": "serving.serverResources.memory for the server",
        "slow": "A LimitRange limits what sets no limit. Set serving.resources.cpuLimit",
    }
    for name, words in said.items():
        ready = condition(wait_condition(name, namespace, "Ready", "False", "PodsRefused"), "Ready")
        assert words in ready["message"], name
    wait_condition("fits", namespace, "Ready", "False", "WaitingForCapacity")
    assert [pod["metadata"]["labels"]["modelbundle.dev/bundle"] for pod in list_all("pods", namespace)] == ["fits"]
    _, found = doctor(namespace, place, "--only", "namespace")
    assert found["limit-range"]["answer"] == "no"
    assert "serverResources" in found["limit-range"]["change"]
