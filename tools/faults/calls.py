"""What a request to an API server is about, read from its line: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PATH = re.compile(
    r"^/(?:api/(?P<core>[^/]+)|apis/(?P<group>[^/]+)/[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?$"
)
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
# a sign of life, and an account that nothing is decided by
_APART = ("leases", "events")


@dataclass(frozen=True)
class Call:
    """One request, as the audit log would name it; `resource` is empty for discovery and the like."""

    verb: str
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    group: str = ""

    @property
    def decides(self) -> bool:
        """Whether it has to do with what the operator is there for."""
        return bool(self.resource) and self.resource not in _APART

    @property
    def writes(self) -> bool:
        return self.decides and self.verb in _VERBS.values()

    @property
    def renews(self) -> bool:
        """Whether it takes or keeps the Lease."""
        return self.resource == "leases" and self.verb in _VERBS.values()

    @property
    def reads(self) -> bool:
        return self.decides and self.verb in ("get", "list")

    def __str__(self) -> str:
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return " ".join(part for part in (self.verb, what or "(discovery)", self.name) if part)


def call_of(method: str, path: str, query: Mapping[str, str]) -> Call:
    """Of a request's method, path and query."""
    found = _PATH.match(path)
    if found is None:
        return Call(_VERBS.get(method, "get"))
    namespace, resource, name = found["namespace"] or "", found["resource"], found["name"] or ""
    sub = found["sub"] or ""
    verb = _VERBS.get(method, "")
    if not verb:
        watches = query.get("watch") in ("1", "true")
        verb = "watch" if watches else "get" if name else "list"
    return Call(verb, resource, namespace, name, sub, found["group"] or "")
