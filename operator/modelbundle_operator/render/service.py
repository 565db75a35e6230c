"""The Service: the bundle's name inside the cluster."""

from typing import Any

from modelbundle_operator.api.names import SERVICE_PORT, ModelBundle
from modelbundle_operator.bundle.naming import child_metadata, selector
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.render.containers import HTTP_PORT


def service(bundle: ModelBundle, resolution: Resolution) -> dict[str, Any]:
    """The target is the port's number: pods of another operator version may call it otherwise."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child_metadata(bundle, resolution.digest, resolution.lineage.root),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(bundle.metadata.name),
            "ports": [{"name": "http", "port": SERVICE_PORT, "targetPort": HTTP_PORT, "protocol": "TCP"}],
        },
    }
