"""The Kubernetes objects that make processes of the node look like Services: DNS, the S3 store, the package index."""

from typing import Any

from tools.local_cluster.configs import DNS_PORT, PACKAGES_PORT, S3_PORT
from tools.local_cluster.plan import Plan

NAMESPACE = "local-cluster"

# Kubernetes' documented way to advertise an extended resource; there is no device behind it
FAKE_GPUS = {"nvidia.com/gpu": "4"}


def namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def services(plan: Plan) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Service and EndpointSlice of each; no selector, so the slice is ours to write."""
    dns_ports = [("dns", 53, DNS_PORT, "UDP"), ("dns-tcp", 53, DNS_PORT, "TCP")]
    return [
        _service(plan, "kube-system", "kube-dns", dns_ports, cluster_ip=plan.dns_ip),
        _service(plan, NAMESPACE, "s3", [("http", S3_PORT, S3_PORT, "TCP")]),
        _service(plan, NAMESPACE, "packages", [("http", PACKAGES_PORT, PACKAGES_PORT, "TCP")]),
    ]


def service_path(document: dict[str, Any]) -> str:
    group = "/apis/discovery.k8s.io/v1" if document["kind"] == "EndpointSlice" else "/api/v1"
    plural = "endpointslices" if document["kind"] == "EndpointSlice" else "services"
    return f"{group}/namespaces/{document['metadata']['namespace']}/{plural}"


def fake_gpus() -> dict[str, Any]:
    return {"status": {"capacity": FAKE_GPUS, "allocatable": FAKE_GPUS}}


def _service(
    plan: Plan, namespace: str, name: str, ports: list[tuple[str, int, int, str]], cluster_ip: str | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    spec: dict[str, Any] = {
        "ports": [{"name": n, "port": port, "targetPort": target, "protocol": p} for n, port, target, p in ports]
    }
    if cluster_ip is not None:
        spec["clusterIP"] = cluster_ip
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
    labels = {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": "local-cluster"}
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-node", "namespace": namespace, "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": n, "port": target, "protocol": p} for n, _, target, p in ports],
        "endpoints": [{"addresses": [plan.node_ip], "conditions": {"ready": True}}],
    }
    return service, endpoints
