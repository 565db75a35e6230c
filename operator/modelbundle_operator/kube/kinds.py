"""Every kind that the operator reads or writes, in one table: where its objects live in the API and which are ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from modelbundle_operator.api.endpoint import ENDPOINT_KIND, ENDPOINT_PLURAL
from modelbundle_operator.api.names import (
    GROUP,
    KIND,
    LABEL_BUNDLE,
    LABEL_ENDPOINT,
    LABEL_MANAGED_BY,
    MANAGED_BY,
    PLURAL,
    VERSION,
)

_MANAGED: Final = f"{LABEL_MANAGED_BY}={MANAGED_BY}"


@dataclass(frozen=True)
class Kind:
    """Where objects of one kind live; `selector` is the label selector of those that are listed and watched."""

    name: str
    group: str  # empty: the core group
    version: str
    plural: str
    selector: str = ""

    @property
    def api_version(self) -> str:
        """As objects have it in apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The URL path of an object, or of the collection when `name` is None."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        within = f"/namespaces/{quote(namespace)}" if namespace else ""
        return f"{root}{within}/{self.plural}" + (f"/{quote(name)}" if name else "")


CRD_KIND: Final = "CustomResourceDefinition"
JOB_KIND: Final = "Job"
LEASE_KIND: Final = "Lease"
BUDGET_KIND: Final = "PodDisruptionBudget"

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(KIND, GROUP, VERSION, PLURAL),
        Kind(ENDPOINT_KIND, GROUP, VERSION, ENDPOINT_PLURAL),
        Kind("ConfigMap", "", "v1", "configmaps", _MANAGED),
        Kind("Service", "", "v1", "services", _MANAGED),
        Kind("Deployment", "apps", "v1", "deployments", _MANAGED),
        Kind(BUDGET_KIND, "policy", "v1", "poddisruptionbudgets", _MANAGED),
        Kind(JOB_KIND, "batch", "v1", "jobs", _MANAGED),
        Kind("Pod", "", "v1", "pods", _MANAGED),
        Kind("Event", "events.k8s.io", "v1", "events"),
        # Kubernetes gives them the labels of their Service
        Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices", LABEL_ENDPOINT),
        # the one by which operators exclude each other, in their own namespace
        Kind(LEASE_KIND, "coordination.k8s.io", "v1", "leases"),
        # of no namespace
        Kind(CRD_KIND, "apiextensions.k8s.io", "v1", "customresourcedefinitions"),
    )
}

# the label by which a child names its owner
OWNER_LABELS: Final[Mapping[str, str]] = {KIND: LABEL_BUNDLE, ENDPOINT_KIND: LABEL_ENDPOINT}
OWN_KINDS: Final = tuple(OWNER_LABELS)
# named like their owner, and kept as they should be: those that each bundle that serves has, and those that some have;
# a Job has a name of its own, and is only made and deleted
CHILD_KINDS: Final = ("Service", "ConfigMap", "Deployment")
OPTIONAL_KINDS: Final = (BUDGET_KIND,)
ALL_CHILD_KINDS: Final = (*CHILD_KINDS, *OPTIONAL_KINDS)
# watched, listed by the resync and kept in the cache; owners first, as a child is kept while its owner is known
CACHED_KINDS: Final = (*OWN_KINDS, *ALL_CHILD_KINDS, JOB_KIND, "Pod")
