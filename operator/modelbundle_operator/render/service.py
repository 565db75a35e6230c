"""The Services: a bundle's name inside the cluster, and an endpoint's."""

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.endpoint import ModelEndpoint
from modelbundle_operator.api.names import (
    ANNOTATION_MOVED_AT,
    ANNOTATION_MOVED_FROM,
    ANNOTATION_MOVED_IDLE,
    ANNOTATION_MOVED_UNTIL,
    LABEL_BUNDLE,
    LABEL_DIGEST,
    LABEL_ENDPOINT,
    LABEL_MANAGED_BY,
    MANAGED_BY,
    SERVICE_PORT,
    ModelBundle,
)
from modelbundle_operator.bundle.naming import child_metadata, endpoint_owner, selector
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.endpoint.route import Route
from modelbundle_operator.render.containers import HTTP_PORT


def service(bundle: ModelBundle, resolution: Resolution) -> Body:
    """The Service of a bundle's name."""
    return _service(child_metadata(bundle, resolution.digest, resolution.lineage.root), selector(bundle.metadata.name))


def endpoint_service(endpoint: ModelEndpoint, route: Route) -> Body:
    """The Service of an endpoint's name; the route and the time at which it last moved are one write."""
    notes = {
        ANNOTATION_MOVED_FROM: route.moved_from,
        ANNOTATION_MOVED_AT: route.moved_at,
        ANNOTATION_MOVED_UNTIL: route.until,
        ANNOTATION_MOVED_IDLE: "" if route.idle_seconds is None else str(route.idle_seconds),
    }
    metadata = {
        "name": endpoint.metadata.name,
        "namespace": endpoint.metadata.namespace,
        "labels": {LABEL_MANAGED_BY: MANAGED_BY, LABEL_ENDPOINT: endpoint.metadata.name},
        "annotations": {name: value for name, value in notes.items() if value},
        "ownerReferences": [endpoint_owner(endpoint)],
    }
    return _service(metadata, {LABEL_BUNDLE: route.bundle, **({LABEL_DIGEST: route.digest} if route.digest else {})})


def _service(metadata: Body, selected: dict[str, str]) -> Body:
    """The target is the port's number: pods of another operator version may call it otherwise."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": "ClusterIP",
            "selector": selected,
            "ports": [{"name": "http", "port": SERVICE_PORT, "targetPort": HTTP_PORT, "protocol": "TCP"}],
        },
    }
