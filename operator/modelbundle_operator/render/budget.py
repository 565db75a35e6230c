"""The PodDisruptionBudget of a bundle: with several pods, drains of nodes take them little by little."""

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import ModelBundle
from modelbundle_operator.bundle.naming import child_metadata, selector
from modelbundle_operator.bundle.resolve import Resolution

# Kubernetes rounds up, so that it is one of two to ten pods, and of one pod that one: no number of replicas, also one
# that an autoscaler has just set, makes a drain wait for ever
MAX_UNAVAILABLE = "10%"


def budget(bundle: ModelBundle, resolution: Resolution) -> Body | None:
    """None for a bundle that is to have none. What is not ready may always go: a drain would wait for it for ever."""
    serving = bundle.spec.serving
    if serving.replicas < 2 or not serving.disruption_budget:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": child_metadata(bundle, resolution.digest, resolution.lineage.root),
        "spec": {
            "maxUnavailable": MAX_UNAVAILABLE,
            "selector": {"matchLabels": selector(bundle.metadata.name)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
