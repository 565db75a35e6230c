"""Finds out what a plan is made of: from the API server with the caller's rights, and from the artifact's store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Mapping, Optional, Union

from bundle_spec.names import PLURAL
from launch.bundle.content import Content
from launch.cluster.api import get, list_all, pods_of
from launch.cluster.connection import Connection
from launch.doctor.collect import operator_settings
from launch.doctor.facts import Finding, Unknown, yes
from launch.errors import APIError
from launch.plan.asking import Asking, is_deployed, nodes_of, placed_pods
from launch.plan.dry_run import tried
from launch.plan.facts import Facts
from launch.plan.size import size_at


def of_file(connection: Connection, manifest: Mapping[str, Any], content: Content, store: Callable[[], Any]) -> Facts:
    """Of a bundle that is not applied yet, or applied again."""
    api, namespace = connection.place()
    asking = Asking()
    live = asking("get modelbundles", lambda: _live(api, namespace, content.name))
    there = None if isinstance(live, Unknown) else live
    answer = tried(api, namespace, manifest, there)
    serving = ((answer.made or manifest)["spec"].get("serving")) or {}
    facts = Facts(content.name, namespace, answer.finding, serving, content, there)
    return _surrounded(facts, api, asking, store)


def of_name(connection: Connection, bundle: Mapping[str, Any], content: Content, store: Callable[[], Any]) -> Facts:
    """Of a bundle that is in the cluster."""
    api, namespace = connection.place()
    serving = bundle["spec"].get("serving") or {}
    stored = ", and only stored: what follows is of one pod" if not serving.get("replicas", 1) else ""
    facts = Facts(content.name, namespace, yes(f"it is in the cluster{stored}"), serving, content, bundle)
    return _surrounded(facts, api, Asking(), store)


def refused(connection: Connection, name: str, finding: Finding) -> Facts:
    """Of a file that would be refused before anybody looks at the rest."""
    return Facts(name, connection.namespace, finding, {})


def _surrounded(facts: Facts, api: Any, asking: Asking, store: Callable[[], Any]) -> Facts:
    place = (api, facts.namespace)
    return replace(
        facts,
        bundles=asking("list modelbundles", lambda: list(list_all(*place, PLURAL))),
        settings=operator_settings(*place),
        size=size_at(facts.uri, store),
        nodes=asking("list nodes", lambda: nodes_of(api)),
        pods=asking("list the pods of all namespaces", lambda: placed_pods(api)),
        own_pods=asking("list pods", lambda: list(pods_of(*place, facts.name)) if facts.live is not None else []),
        deployed=asking("get deployments", lambda: is_deployed(*place, facts.name)),
    )


def _live(api: Any, namespace: str, name: str) -> Optional[Mapping[str, Any]]:
    try:
        return get(api, namespace, PLURAL, name)
    except APIError as error:
        if error.status == 404:
            return None
        raise
