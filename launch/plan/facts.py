"""What `modelbundle plan` found out before it says anything. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Union

from launch.bundle.content import Content
from launch.doctor.facts import Finding, Unknown

Objects = Union[List[Mapping[str, Any]], Unknown]

_NOT_ASKED = Unknown("not asked")


@dataclass(frozen=True)
class Facts:
    """`serving` is the bundle's spec.serving with defaults where the API server has given them; `live` is the bundle of
    that name in the cluster. What could not be looked at is Unknown, and says why."""

    name: str
    namespace: str
    asked: Finding
    serving: Mapping[str, Any]
    content: Optional[Content] = None  # None where it is refused, and nothing more can be said
    live: Optional[Mapping[str, Any]] = None
    bundles: Objects = _NOT_ASKED  # of the namespace
    settings: Union[Mapping[str, str], Unknown] = _NOT_ASKED  # of the operator
    size: Union[int, Unknown, None] = _NOT_ASKED  # of the artifact; None where nothing lies there
    nodes: Objects = _NOT_ASKED
    pods: Objects = _NOT_ASKED  # that have a node, of all namespaces
    own_pods: Objects = _NOT_ASKED
    quotas: Objects = _NOT_ASKED
    deployed: Union[bool, Unknown] = _NOT_ASKED  # whether it has a Deployment

    @property
    def uri(self) -> str:
        """Where the artifact lies."""
        return str((self.content.fields.get("artifact") or {}).get("uri") or "") if self.content else ""

    @property
    def replicas(self) -> int:
        """Pods that are planned for: one of a bundle that is only stored."""
        return int(self.serving.get("replicas", 1)) or 1

    @property
    def others(self) -> List[Mapping[str, Any]]:
        """The other bundles of the namespace, as far as they are known."""
        found = [] if isinstance(self.bundles, Unknown) else self.bundles
        return [bundle for bundle in found if bundle["metadata"]["name"] != self.name]


def not_looked_at(why: Union[Unknown, str]) -> Finding:
    """What could not be looked at, and why."""
    return Finding("unknown", f"not looked at: {why.why if isinstance(why, Unknown) else why}")
