"""The Service: the bundle's name inside the cluster."""

from typing import Any

from ..api import SERVICE_PORT, ModelBundle
from ..naming import child_metadata, selector
from ..resolve import Resolution
from .containers import HTTP_PORT


def service(bundle: ModelBundle, resolution: Resolution) -> dict[str, Any]:
    """The target is the port's number: pods of another operator version may call it otherwise."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child_metadata(bundle, resolution),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(bundle.metadata.name),
            "ports": [{"name": "http", "port": SERVICE_PORT, "targetPort": HTTP_PORT, "protocol": "TCP"}],
        },
    }
