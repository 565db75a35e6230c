"""Finds out what a plan is made of: from the API server with the caller's rights, and from the artifact's store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Iterable, List, Mapping, Optional

from bundle_spec.names import PLURAL
from launch.bundle.content import Content
from launch.cluster.api import get, list_all, pods_of
from launch.cluster.connection import Connection
from launch.doctor.asking import Asking
from launch.doctor.collect import operator_settings
from launch.doctor.facts import Finding, Unknown, yes
from launch.errors import APIError
from launch.plan.asking import is_deployed, nodes_of, placed_pods, quotas_of
from launch.plan.dry_run import tried
from launch.plan.facts import Facts
from launch.plan.size import size_at


def of_file(connection: Connection, manifest: Mapping[str, Any], content: Content, store: Callable[[], Any]) -> Facts:
    """Of a bundle that is not applied yet, or applied again."""
    api, namespace = connection.place()
    asking = Asking()
    live = asking(lambda: _live(api, namespace, content.name), "get modelbundles")
    there = None if isinstance(live, Unknown) else live
    answer = tried(api, namespace, manifest, there)
    serving = ((answer.made or manifest)["spec"].get("serving")) or {}
    facts = Facts(content.name, namespace, _or_stored(answer.finding, serving), serving, content, there)
    return _surrounded(facts, api, asking, store)


def of_name(connection: Connection, bundle: Mapping[str, Any], content: Content, store: Callable[[], Any]) -> Facts:
    """Of a bundle that is in the cluster."""
    api, namespace = connection.place()
    serving = bundle["spec"].get("serving") or {}
    asked = _or_stored(yes("it is in the cluster"), serving)
    facts = Facts(content.name, namespace, asked, serving, content, bundle)
    return _surrounded(facts, api, Asking(), store)


def refused(connection: Connection, name: str, finding: Finding) -> Facts:
    """Of a file that would be refused before anybody looks at the rest."""
    return Facts(name, connection.namespace, finding, {})


def _surrounded(facts: Facts, api: Any, asking: Asking, store: Callable[[], Any]) -> Facts:
    namespace, name = facts.namespace, facts.name
    return replace(
        facts,
        bundles=asking(lambda: _objects(list_all(api, namespace, PLURAL)), "list modelbundles"),
        settings=operator_settings(api, namespace),
        size=size_at(facts.uri, store),
        nodes=asking(lambda: nodes_of(api), "list nodes"),
        pods=asking(lambda: placed_pods(api), "list the pods of all namespaces"),
        own_pods=asking(lambda: _objects(pods_of(api, namespace, name) if facts.live else []), "list pods"),
        quotas=asking(lambda: quotas_of(api, namespace), "list resourcequotas"),
        deployed=asking(lambda: is_deployed(api, namespace, name), "get deployments"),
    )


def _or_stored(finding: Finding, serving: Mapping[str, Any]) -> Finding:
    """What asks for no pod is planned as if it asked for one."""
    if serving.get("replicas") != 0:
        return finding
    return finding._replace(says=f"{finding.says}; it asks for 0 replicas, what follows is of one")


def _objects(found: Iterable[Mapping[str, Any]]) -> List[Mapping[str, Any]]:
    return list(found)


def _live(api: Any, namespace: str, name: str) -> Optional[Mapping[str, Any]]:
    try:
        return get(api, namespace, PLURAL, name)
    except APIError as error:
        if error.status == 404:
            return None
        raise
