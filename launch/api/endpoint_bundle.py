"""Which bundle serves an endpoint that the client makes, and what becomes of it afterwards.

A bundle that is only stored is served for the endpoint; one that serves otherwise already is left alone, and an empty
clone of it serves. A label says for which endpoint a bundle serves, so that deleting the endpoint leaves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from bundle_spec.names import ENDPOINT_PLURAL, MADE_FOR, SERVED_FOR
from launch.api.create import content_in_cluster
from launch.bundle.clone import clone_of
from launch.bundle.naming import object_name
from launch.errors import APIError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection


def bundle_for(
    connection: "Connection", base: Mapping[str, Any], endpoint: str, serving: Mapping[str, Any]
) -> Dict[str, Any]:
    """The bundle of this content that serves so, made or changed where needed."""
    name = base["metadata"]["name"]
    current = base["spec"].get("serving") or {}
    mine = (base["metadata"].get("labels") or {}).get(SERVED_FOR) == endpoint
    if not mine and _serves(current) and _covers(current, serving):
        return dict(base)  # it serves in this way already; it stays with the user who deployed it
    if mine or not _serves(current):
        change = {"metadata": {"labels": {SERVED_FOR: endpoint}}, "spec": {"serving": dict(serving)}}
        return connection.patch(name, change)
    return _clone_for(connection, base, endpoint, serving)


def release(connection: "Connection", endpoint: str, keep: Optional[str] = None) -> bool:
    """What served for the endpoint serves no more, save `keep` and what another endpoint names; False: nothing did."""
    released = False
    others = [found for found in connection.list(ENDPOINT_PLURAL) if found["metadata"]["name"] != endpoint]
    for bundle in connection.list(selector=f"{SERVED_FOR}={endpoint}"):
        name = bundle["metadata"]["name"]
        if name == keep:
            continue
        released = True
        heirs = [found["metadata"]["name"] for found in others if found["spec"]["bundle"] == name]
        if heirs:
            connection.patch(name, {"metadata": {"labels": {SERVED_FOR: heirs[0]}}})
        elif MADE_FOR in (bundle["metadata"].get("annotations") or {}):
            connection.delete(name)
        else:
            connection.patch(name, {"metadata": {"labels": {SERVED_FOR: None}}, "spec": {"serving": {"replicas": 0}}})
    return released


def _clone_for(
    connection: "Connection", base: Mapping[str, Any], endpoint: str, serving: Mapping[str, Any]
) -> Dict[str, Any]:
    content = content_in_cluster(connection, base)
    name = object_name(endpoint, content.digest)
    clone, _ = clone_of(content, name, content.fields, None)
    # it is not a version of its own: the newest bundle of the name stays the one that was created
    manifest = {
        **clone.manifest,
        "metadata": {"name": name, "labels": {SERVED_FOR: endpoint}, "annotations": {MADE_FOR: endpoint}},
        "spec": {"bundle": clone.manifest["spec"]["bundle"], "serving": dict(serving)},
    }
    try:
        return connection.create(manifest)
    except APIError as error:
        if error.reason != "AlreadyExists":
            raise
        return connection.patch(name, {"metadata": manifest["metadata"], "spec": {"serving": dict(serving)}})


def _serves(serving: Mapping[str, Any]) -> bool:
    return bool(serving.get("replicas", 1) > 0)


def _covers(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether all that is wanted is so already."""
    for name, value in wanted.items():
        there = current.get(name)
        if not (_covers(there or {}, value) if isinstance(value, Mapping) else bool(there == value)):
            return False
    return True
