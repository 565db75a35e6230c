"""Bringing a bundle's children to what is wanted, without taking what belongs to others.

A forced apply would silently take over a namesake's ConfigMap, or the Deployment of a deleted bundle of the same name
with its pods. So before the first write to a name the operator looks who holds it.
"""

import logging
from typing import Any

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import (
    API_VERSION,
    LABEL_MANAGED_BY,
    MANAGED_BY,
    Metadata,
)
from modelbundle_operator.errors import OperatorError, Transient
from modelbundle_operator.kube.cache import ObjectCache, controller_of
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.kinds import CHILD_KINDS, OWNER_LABELS
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.drift import differs, foreign_fields, without_foreign

log = logging.getLogger(__name__)


# another's object carries no label of ours, so no event says when it goes
CONFLICT_SECONDS = 10.0
COLLECTION_SECONDS = 2.0


class NameTaken(OperatorError):
    """An object of another owner has a child's name; heals when it goes."""


async def read(cluster: Cluster, cache: ObjectCache, key: Key) -> dict[str, Body | None]:
    """The children by kind. What the cache lacks is asked for: the watch sees only what carries our label, and what
    was there before its owner was not kept."""
    found: dict[str, Body | None] = {}
    for kind in CHILD_KINDS:
        found[kind] = cache.get(kind, key) or await _find(cluster, cache, kind, key)
    return found


async def _find(cluster: Cluster, cache: ObjectCache, kind: str, key: Key) -> Body | None:
    body = await cluster.get(kind, *key.place)
    if body is None or (body["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY) != MANAGED_BY:
        return body  # not watched: nobody would tell when it changes
    cache.record(body)
    return body


async def find_pods(cluster: Cluster, cache: ObjectCache, key: Key) -> None:
    """Those of a Deployment that has outlived a bundle of this name: they were not kept either."""
    for pod in (await cluster.list("Pod", key.namespace, bundle=key.name))[0]:
        cache.record(pod)


def refuse_foreign(kind: str, owner: Metadata, children: dict[str, Body | None]) -> None:
    """Raise unless every child of this owner is absent or its own: NameTaken for a stranger's, Transient for what is on
    its way out."""
    for child, body in children.items():
        if body is not None:
            _refuse(kind, owner, child, body)


async def converge(cluster: Cluster, cache: ObjectCache, live: Body | None, wanted: Body) -> Body:
    """Apply where something is missing, differs or was added; the object as it is then.

    The apply comes first: it takes back what others changed. Only then is what they alone own an addition, and a PUT
    without it cannot drop a field of ours.
    """
    if live is None or differs(live, wanted) or foreign_fields(live):
        live = await cluster.apply(wanted)
        cache.record(live)
    if foreign := foreign_fields(live):
        log.warning("%s %s/%s: undoing a foreign edit: %s", *_named(wanted), _paths(foreign))
        live = await cluster.replace(without_foreign(live))
        cache.record(live)
    return live


def _refuse(owner_kind: str, owner: Metadata, kind: str, body: Body) -> None:
    metadata, name = body["metadata"], owner.name
    controller = controller_of(body)
    if controller is not None and controller.get("uid") == owner.uid:
        if metadata.get("deletionTimestamp"):
            raise Transient(f"{kind} {name} is being deleted; waiting until it has gone", after=COLLECTION_SECONDS)
        return
    labels = metadata.get("labels") or {}
    if (
        controller is None
        and labels.get(LABEL_MANAGED_BY) == MANAGED_BY
        and labels.get(OWNER_LABELS[owner_kind]) == name
    ):
        return  # an orphan of ours, whose ownerReference was removed: the apply gives it back
    holder = None if controller is None else (controller.get("apiVersion"), controller.get("kind"))
    if holder == (API_VERSION, owner_kind) or metadata.get("deletionTimestamp"):
        raise Transient(
            f"{kind} {name} belonged to a {owner_kind} that was deleted; waiting for garbage collection",
            after=COLLECTION_SECONDS,
        )
    if controller is not None and controller.get("apiVersion") == API_VERSION:
        raise NameTaken(
            f"{kind} {name} is that of the {controller['kind']} {controller['name']}. A ModelBundle and a ModelEndpoint"
            f" need a Service each, so they cannot have one name: create the {owner_kind} under another one. It"
            f" continues automatically when the {controller['kind']} is deleted."
        )
    held = f" (controlled by {controller['kind']} {controller['name']})" if controller else ""
    raise NameTaken(
        f"{kind} {name} exists in namespace {owner.namespace}{held} and is not this {owner_kind}'s. Delete or rename"
        f" it, and the {owner_kind} continues automatically; or create the {owner_kind} under another name."
    )


def _named(body: Body) -> tuple[str, str, str]:
    return body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]


def _paths(fields: dict[str, Any], prefix: str = "") -> str:
    """A fieldsV1 tree as a line for the log."""
    ends = [_paths(below, f"{prefix}.{key.partition(':')[2]}") if below else f"{prefix}.{key.partition(':')[2]}"
            for key, below in fields.items()]  # fmt: skip
    return ", ".join(ends)
