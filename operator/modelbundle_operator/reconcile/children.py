"""Bringing a bundle's children to what is wanted, without taking what belongs to others.

A forced apply would silently take over a namesake's ConfigMap, or the Deployment of a deleted bundle of the same name
with its pods. So before the first write to a name the operator looks who holds it, and each write is to what was seen:
a new child is refused where there is one by then, and a change is of that object in that version. So nothing comes of a
late write of an operator that led before this one.
"""

import logging
from collections.abc import Awaitable, Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.differs import differs
from modelbundle_operator.api.names import (
    GROUP,
    LABEL_BUNDLE,
    LABEL_MANAGED_BY,
    MANAGED_BY,
    Metadata,
)
from modelbundle_operator.errors import Conflict, Transient
from modelbundle_operator.judge.foreign_edit import undone
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.kept import controller_of
from modelbundle_operator.kube.kinds import CHILD_KINDS, OWNER_LABELS
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.disputes import Disputes
from modelbundle_operator.reconcile.drift import foreign_fields, is_owned, keeps_layer, put_right, without_foreign
from modelbundle_operator.reconcile.events import EDIT_UNDONE, tell
from modelbundle_operator.reconcile.ownership import as_applied, is_half_applied, was_posted

log = logging.getLogger(__name__)


class NameTaken(Transient):
    """An object of another owner has a child's name; heals when it goes, which no event tells: it has not our label."""

    tries_before_words = 1


class NameLeaving(NameTaken):
    """An object that is on its way out has a child's name: usually it has gone in a moment."""

    tries_before_words = 5


async def read(cluster: Cluster, cache: ObjectCache, key: Key, asked: Collection[str]) -> dict[str, Body | None]:
    """The children by kind. Of the kinds in `asked`, what the cache lacks is asked for: the watch sees only what
    carries our label, and what was there before its owner was not kept."""
    found: dict[str, Body | None] = {}
    for kind in CHILD_KINDS:
        found[kind] = cache.get(kind, key)
        if found[kind] is None and (kind in asked or cache.knows(kind, key)):  # known, and too large to be kept
            found[kind] = await find(cluster, cache, kind, key)
    return found


async def find(cluster: Cluster, cache: ObjectCache, kind: str, key: Key) -> Body | None:
    """What has the key's name, whoever it is of, asked of the API server."""
    body = await cluster.get(kind, *key.place)
    if body is None or (body["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY) != MANAGED_BY:
        return body  # not watched: nobody would tell when it changes
    cache.record(body)
    return body


async def find_pods(cluster: Cluster, cache: ObjectCache, key: Key) -> None:
    """Those that the cache lacks, or has in an older version."""
    await cluster.list("Pod", key.namespace, cache.record, label=(LABEL_BUNDLE, key.name))


def refuse_foreign(kind: str, owner: Metadata, children: dict[str, Body | None]) -> None:
    """Raise unless every child of this owner is absent or its own: NameTaken for a stranger's, NameLeaving for what is
    on its way out."""
    for child, body in children.items():
        if body is not None:
            _refuse(kind, owner, child, body)


def own(kind: str, owner: Metadata, children: dict[str, Body | None]) -> dict[str, Body | None]:
    """Those that are the owner's and stay: what else has their names is in nobody's way while none is to be made."""
    return {
        child: body
        for child, body in children.items()
        if body is not None and _is_own(kind, owner, body) and not body["metadata"].get("deletionTimestamp")
    }


async def converge(
    cluster: Cluster, cache: ObjectCache, live: Body | None, wanted: Body, disputes: Disputes, now: datetime
) -> Body:
    """Create what is missing, and apply where something differs or was added; the object as it is then.

    What others change again and again is left for a while.

    The apply comes first: it takes back what others changed. Only then is what they alone own an addition, and a PUT
    without it cannot drop a field of ours.
    """
    if live is None:
        return await _written(cache, cluster.create(wanted))
    is_as_wanted = not (differs(live, wanted) or foreign_fields(live) or keeps_layer(live, wanted))
    if (is_as_wanted and is_owned(live) and not is_half_applied(live)) or disputes.leaves(live, wanted, now):
        return live
    before, managers = live, disputes.untold(live, wanted, now)
    try:
        live = await _apply(cluster, cache, live, wanted)
        disputes.applied(before, wanted, now)
        if foreign := foreign_fields(live):
            log.warning("%s %s/%s: undoing a foreign edit: %s", *_named(wanted), _paths(foreign))
            live = await _written(cache, cluster.replace(without_foreign(live)))
    except Conflict:
        # the watch will bring the newer one, or has lost it
        if (newer := await cluster.get(*_named(wanted))) is not None:
            cache.record(newer)
        raise
    disputes.answered(wanted, live)
    if managers:
        await _tell(cluster, before, wanted, managers, now)
        disputes.told(wanted, managers, now)
    return live


async def _tell(cluster: Cluster, before: Body, wanted: Body, managers: tuple[str, ...], now: datetime) -> None:
    """The owner's Event about an edit by others that is undone."""
    owner, metadata = controller_of(wanted), wanted["metadata"]
    assert owner is not None
    about = {**owner, "metadata": {**metadata, "name": owner["name"], "uid": owner["uid"]}}
    words = undone(owner["kind"], wanted["kind"], metadata["name"], managers, _paths(foreign_fields(before)))
    await tell(cluster, about, "Warning", EDIT_UNDONE, words, now)


async def _apply(cluster: Cluster, cache: ObjectCache, live: Body, wanted: Body) -> Body:
    """An apply that owns all that is ours, also what the POST made.

    The PUT before it carries the object as it is. Where others have edited that, admission policies may refuse it, so
    the edit is undone first; else one apply is to bring the whole change, as each change of a template moves pods.

    An apply adds what is wanted to what is there. Where both together are no valid object (a variable with a value and
    a reference, a request above a limit), no apply ever takes the edit back, and one PUT brings both.
    """
    posted = was_posted(live)
    if posted and _is_intact(live, wanted):
        try:
            live, posted = await _written(cache, cluster.replace(as_applied(live))), False
        except Refused as error:
            log.info("%s %s/%s: edited by others: %s", *_named(wanted), error.message)
    try:
        live = await _written(cache, cluster.apply(_of_this(live, wanted)))
    except Refused as error:
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY or not foreign_fields(live):
            raise
        log.info("%s %s/%s: beside an edit by others an apply is invalid: %s", *_named(wanted), error.message)
        live = await _written(cache, cluster.replace(put_right(live, wanted)))
        posted = was_posted(live)
    if posted:
        live = await _written(cache, cluster.replace(as_applied(live)))
        live = await _written(cache, cluster.apply(_of_this(live, wanted)))
    return live


def _is_intact(live: Body, wanted: Body) -> bool:
    """Whether there is no sign of an edit by others: nothing that they own, and labels and owner as they should be."""
    whose = {name: wanted["metadata"].get(name) for name in ("labels", "ownerReferences")}
    return not foreign_fields(live) and not differs(live["metadata"], whose)


async def _written(cache: ObjectCache, write: Awaitable[Body]) -> Body:
    live = await write
    cache.record(live)
    return live


def _of_this(live: Body, wanted: Body) -> Body:
    """`wanted`, of this object in this version and no other."""
    seen = {name: live["metadata"][name] for name in ("uid", "resourceVersion")}
    return {**wanted, "metadata": {**wanted["metadata"], **seen}}


def _is_own(owner_kind: str, owner: Metadata, body: Body) -> bool:
    """Whether it is this owner's, or an orphan of ours, whose ownerReference was removed: the apply gives it back."""
    if (controller := controller_of(body)) is not None:
        return bool(controller.get("uid") == owner.uid)
    labels = body["metadata"].get("labels") or {}
    return bool(labels.get(LABEL_MANAGED_BY) == MANAGED_BY and labels.get(OWNER_LABELS[owner_kind]) == owner.name)


def _refuse(owner_kind: str, owner: Metadata, kind: str, body: Body) -> None:
    metadata, name = body["metadata"], owner.name
    controller = controller_of(body)
    if _is_own(owner_kind, owner, body):
        if metadata.get("deletionTimestamp"):
            raise NameLeaving(f"{kind} {name} is being deleted{_held_by(metadata)}; waiting until it has gone.")
        if kind == "Service" and body["spec"].get("clusterIP") == "None":
            raise NameTaken(
                f"Service {name} was made headless (clusterIP None), so nothing answers at its port, and nobody can"
                " change that. Delete it, and the operator makes it anew."
            )
        return
    ours = controller if controller is not None and _group(controller) == GROUP else None
    if (ours is not None and ours.get("kind") == owner_kind) or metadata.get("deletionTimestamp"):
        raise NameLeaving(
            f"{kind} {name} belonged to a {owner_kind} that was deleted; waiting for garbage"
            f" collection{_held_by(metadata)}."
        )
    if ours is not None:
        raise NameTaken(
            f"{kind} {name} is that of the {ours['kind']} {ours['name']}. A ModelBundle and a ModelEndpoint"
            f" need a Service each, so they cannot have one name: create the {owner_kind} under another one. It"
            f" continues automatically when the {ours['kind']} is deleted."
        )
    held = f" (controlled by {controller['kind']} {controller['name']})" if controller else ""
    raise NameTaken(
        f"{kind} {name} exists in namespace {owner.namespace}{held} and is not this {owner_kind}'s. Delete or rename"
        f" it, and the {owner_kind} continues automatically; or create the {owner_kind} under another name."
    )


def _held_by(metadata: Body) -> str:
    finalizers = ", ".join(metadata.get("finalizers") or [])
    return f", which the finalizers {finalizers} hold up" if finalizers else ""


def _group(reference: Body) -> str:
    """Of the object that an ownerReference names: which version of it the reference was written in says nothing."""
    return str(reference.get("apiVersion") or "").rpartition("/")[0]


def _named(body: Body) -> tuple[str, str, str]:
    return body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]


def _paths(fields: dict[str, Any], prefix: str = "") -> str:
    """A fieldsV1 tree as a line for the log."""
    ends = [_paths(below, f"{prefix}.{key.partition(':')[2]}") if below else f"{prefix}.{key.partition(':')[2]}"
            for key, below in fields.items()]  # fmt: skip
    return ", ".join(ends)
