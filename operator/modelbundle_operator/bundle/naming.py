"""What children are called and how they are found again."""

from typing import Any

from modelbundle_operator.api.endpoint import ENDPOINT_KIND, ModelEndpoint
from modelbundle_operator.api.names import (
    API_VERSION,
    KIND,
    LABEL_BUNDLE,
    LABEL_DIGEST,
    LABEL_MANAGED_BY,
    LABEL_ROOT,
    MANAGED_BY,
    Metadata,
    ModelBundle,
)

SHORT_DIGEST_LENGTH = 16


def short_digest(digest: str) -> str:
    """First hex digits of `sha256:<hex>`: a label holds 63 characters, a digest has 71."""
    return digest.removeprefix("sha256:")[:SHORT_DIGEST_LENGTH]


def selector(bundle_name: str) -> dict[str, str]:
    """The only selector of Deployment and Service. Immutable in a Deployment, so nothing that changes is in it."""
    return {LABEL_BUNDLE: bundle_name}


def child_labels(bundle_name: str, digest: str, root: str | None) -> dict[str, str]:
    """Every label of a child; the bundle's own labels are never copied. `root`: of its family, itself when None."""
    return {
        LABEL_MANAGED_BY: MANAGED_BY,
        **selector(bundle_name),
        LABEL_DIGEST: short_digest(digest),
        LABEL_ROOT: root or bundle_name,
    }


def owner_reference(bundle: ModelBundle) -> dict[str, Any]:
    """Makes Kubernetes delete the child with its bundle."""
    return _owner(KIND, bundle.metadata)


def endpoint_owner(endpoint: ModelEndpoint) -> dict[str, Any]:
    """Makes Kubernetes delete the Service with its endpoint."""
    return _owner(ENDPOINT_KIND, endpoint.metadata)


def _owner(kind: str, metadata: Metadata) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "name": metadata.name,
        "uid": metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def child_metadata(bundle: ModelBundle, digest: str, root: str | None) -> dict[str, Any]:
    """Metadata of every child: the bundle's name, our labels only, and the owner that it goes with."""
    return {
        "name": bundle.metadata.name,
        "namespace": bundle.metadata.namespace,
        "labels": child_labels(bundle.metadata.name, digest, root),
        "ownerReferences": [owner_reference(bundle)],
    }


def endpoint_url(of: ModelBundle | ModelEndpoint) -> str:
    """Where it answers inside the cluster."""
    return service_url(of.metadata.namespace, of.metadata.name)


def service_url(namespace: str, name: str) -> str:
    """Of a Service; without the cluster's domain, which differs and is searched."""
    return f"http://{name}.{namespace}.svc"
