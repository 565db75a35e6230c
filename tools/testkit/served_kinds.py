"""Kinds by each name that kubectl takes for them, of what an API server says that it serves (aggregated discovery)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

# without one of these an API server answers with lists of versions alone
ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
WHERE = ("/api", "/apis")


class Served(NamedTuple):
    """A kind, and where it is."""

    root: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        within = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced else ""
        return f"{self.root}{within}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


def by_name(documents: list[Any]) -> Mapping[str, Served]:
    """Plural, singular and short names, alone and with the group behind a dot.

    As with kubectl: the first group that has a name has it, and no short name takes a full one."""
    full: dict[str, Served] = {}
    short: dict[str, Served] = {}
    for group, root, resource in _resources(documents):
        served = Served(root, resource["resource"], resource["scope"] == "Namespaced")
        names = (resource["resource"], resource.get("singularResource") or resource["responseKind"]["kind"].lower())
        for found, words in ((full, names), (short, resource.get("shortNames") or ())):
            for word in words:
                found.setdefault(word, served)
                found.setdefault(f"{word}.{group}", served)
    return {**short, **full}


def _resources(documents: list[Any]) -> Iterator[tuple[str, str, Any]]:
    """Group, root of its paths, and resource; of a group's versions the preferred one first, as they come."""
    for document in documents:
        for item in document["items"]:
            group = item["metadata"].get("name") or ""
            for version in item["versions"]:
                root = f"/apis/{group}/{version['version']}" if group else f"/api/{version['version']}"
                for resource in version.get("resources") or ():
                    if {"get", "list"} <= set(resource.get("verbs") or ()):
                        yield group, root, resource
