"""An API server in memory, as far as the operator can tell: versions, generations, ownership of fields.

No mock: it has no expectations, it behaves. tests/operator/kube/test_cluster_contract.py holds it and the real one to
the same promises, so that it does not become a poor impression.
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from modelbundle_operator.api.names import FIELD_MANAGER, LABEL_MANAGED_BY, MANAGED_BY
from modelbundle_operator.errors import Conflict, Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Keep, Needs, keep_whole
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.kinds import CACHED_KINDS, OWN_KINDS
from modelbundle_operator.loop.key import Key

from tests.operator.field_ownership import UNOWNED, drop_given_up, fields_of, merge, minus, owned, still_there

Body = dict[str, Any]
Listed = list[Body]  # in the class the name is that of a method
Kept = list[Any]
Ref = tuple[str, str, str]


class FakeCluster:
    """modelbundle_operator.kube.cluster.Cluster over a dictionary."""

    def __init__(self) -> None:
        self.objects: dict[Ref, Body] = {}
        self.calls: Counter[tuple[str, str]] = Counter()
        self.events: list[Body] = []
        self.refuse: dict[str, Exception] = {}
        self._versions = itertools.count(1)
        self._uids = itertools.count(1)

    # the port

    async def get(self, kind: str, namespace: str | None, name: str) -> Body | None:
        self.calls["read", kind] += 1
        return copy.deepcopy(self.objects.get((kind, namespace or "", name)))

    async def list(
        self,
        kind: str,
        namespace: str | None = None,
        keep: Keep = keep_whole,
        label: tuple[str, str] | None = None,
        needs: Needs | None = None,
    ) -> tuple[Kept, int]:
        self.calls["read", kind] += 1
        found = [copy.deepcopy(body) for body in self._listed(kind, namespace)]
        name, value = label or ("", None)
        labelled = [body for body in found if (body["metadata"].get("labels") or {}).get(name) == value]
        needed = [body for body in labelled if needs is None or needs({"metadata": body["metadata"]})]
        return [kept for body in needed if (kept := keep(body)) is not None], self.now()

    async def create(self, body: Body) -> Body:
        self.calls["create", body["kind"]] += 1
        if body["kind"] in self.refuse:
            raise self.refuse[body["kind"]]
        if _ref(body) in self.objects:
            raise Conflict("409: already exists")
        made = self._filled(body)
        entry = {"manager": FIELD_MANAGER, "operation": "Update", "fieldsV1": fields_of(owned(made))}
        made["metadata"]["managedFields"] = [entry]
        return self._store(None, made)

    async def apply(self, body: Body) -> Body:
        self.calls["apply", body["kind"]] += 1
        if body["kind"] in self.refuse:
            raise self.refuse[body["kind"]]
        self._check(body)
        return self.apply_as(FIELD_MANAGER, body)

    async def apply_status(self, body: Body) -> Body:
        self.calls["apply", body["kind"]] += 1
        if _ref(body) not in self.objects:
            raise Transient("404: not found")
        self._check(body)
        return self.apply_as(FIELD_MANAGER, body, subresource="status")

    async def replace(self, body: Body) -> Body:
        self.calls["replace", body["kind"]] += 1
        live = self.objects.get(_ref(body))
        if live is None:
            raise Transient("404: not found")
        self._check(body)
        new = copy.deepcopy(body)
        for entry in new["metadata"].setdefault("managedFields", []):
            entry["fieldsV1"] = still_there(entry["fieldsV1"], new)
        return self._store(live, new)

    async def remove(self, kind: str, namespace: str, name: str, uid: str) -> None:
        self.calls["delete", kind] += 1
        if kind in self.refuse:
            raise self.refuse[kind]
        live = self.objects.get((kind, namespace, name))
        if live is None:
            return
        if live["metadata"]["uid"] != uid:
            raise Conflict(f"409: the uid in the precondition is {uid}")
        del self.objects[kind, namespace, name]
        for ref in [ref for ref, body in self.objects.items() if _is_owned(body, uid)]:
            del self.objects[ref]

    async def create_event(self, event: Body) -> None:
        self.calls["create", "Event"] += 1
        self.events.append(event)

    # what others do to the cluster

    def apply_as(self, manager: str, body: Body, subresource: str = "") -> Body:
        """Server-side apply, forced."""
        ref = _ref(body)
        live = self.objects.get(ref) or self._new(body)
        new = copy.deepcopy(live)
        entries: list[Body] = new["metadata"]["managedFields"]
        if not entries and ref in self.objects and not subresource:  # they were reset
            all_of_it = fields_of(owned(live))
            entries.append({"manager": "before-first-apply", "operation": "Update", "fieldsV1": all_of_it})
        who = (manager, "Apply", subresource)
        mine = next((e for e in entries if (e["manager"], e["operation"], e.get("subresource", "")) == who), None)
        content = {name: value for name, value in body.items() if name not in (*UNOWNED, "metadata")}
        if labels := body["metadata"].get("labels"):
            content["metadata"] = {"labels": labels}
        fields = fields_of(content)
        if mine is None:
            mine = {"manager": manager, "operation": "Apply", "fieldsV1": {}}
            entries.append(mine | ({"subresource": subresource} if subresource else {}))
            mine = entries[-1]
        others = [entry["fieldsV1"] for entry in entries if entry is not mine]
        drop_given_up(new, mine["fieldsV1"], fields, others)
        mine["fieldsV1"] = fields
        given = {
            name: value for name, value in body["metadata"].items() if name not in ("labels", "uid", "resourceVersion")
        }
        new["metadata"] |= copy.deepcopy(given)
        merge(new, content)
        return self._store(live, new)

    def edit(self, kind: str, key: Key, change: Callable[[Body], None], manager: str = "kubectl-edit") -> Body:
        """Another client changes an object by PUT; what is new then is theirs."""
        live = self.objects[(kind, *key.place)]
        new = copy.deepcopy(live)
        change(new)
        before, after = fields_of(owned(live)), fields_of(owned(new))
        is_reset = not new["metadata"]["managedFields"]  # then nobody is noted, this client neither
        if (added := minus(after, before)) and not is_reset:
            new["metadata"]["managedFields"].append({"manager": manager, "operation": "Update", "fieldsV1": added})
        return self._store(live, new)

    def set_status(self, kind: str, key: Key, **status: Any) -> Body:
        """A controller reports."""
        live = self.objects[(kind, *key.place)]
        return self._store(live, {**copy.deepcopy(live), "status": {**live.get("status", {}), **status}})

    def put(self, body: Body) -> Body:
        """An object appears, or is replaced, whichever client made it."""
        return self._store(None, self._filled(body))

    def delete(self, kind: str, key: Key) -> Body:
        """An object goes at once. Answers the body that a watch would show last."""
        gone = self.objects.pop((kind, *key.place))
        return {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(next(self._versions))}}

    def deliver(self, cache: ObjectCache) -> None:
        """What the watch would bring: all that is ours, newest state."""
        for kind in CACHED_KINDS:
            for body in self._listed(kind, None):
                cache.observe(kind, "MODIFIED", copy.deepcopy(body))

    def now(self) -> int:
        """A version after all that there were."""
        return next(self._versions)

    @contextmanager
    def expect_no_writes(self) -> Iterator[None]:
        """The cheapest proof that a state is at rest."""
        before = self.writes()
        yield
        assert self.writes() == before

    def writes(self) -> int:
        return sum(count for (verb, _), count in self.calls.items() if verb != "read")

    def total(self) -> int:
        return sum(self.calls.values())

    def _listed(self, kind: str, namespace: str | None) -> Listed:
        return [
            body
            for (its_kind, its_namespace, _), body in self.objects.items()
            if its_kind == kind
            and namespace in (None, its_namespace)
            and (kind in OWN_KINDS or (body["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY) == MANAGED_BY)
        ]

    def _check(self, body: Body) -> None:
        """What a write says of uid and version has to be so."""
        live = self.objects.get(_ref(body), {"metadata": {}})["metadata"]
        for name in ("uid", "resourceVersion"):
            if (asked := body["metadata"].get(name)) is not None and asked != live.get(name):
                raise Conflict(f"409: the object has been modified: {name} is {live.get(name)}, not {asked}")

    def _filled(self, body: Body) -> Body:
        made = self._new(body)
        made |= copy.deepcopy({name: value for name, value in body.items() if name != "metadata"})
        made["metadata"] |= copy.deepcopy(body["metadata"])
        return made

    def _new(self, body: Body) -> Body:
        metadata = {"uid": f"uid-{next(self._uids)}", "generation": 1, "resourceVersion": "0", "managedFields": []}
        names = {name: body["metadata"][name] for name in ("name", "namespace")}
        return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": {**names, **metadata}}

    def _store(self, live: Body | None, new: Body) -> Body:
        if live is not None and _ref(live) in self.objects:
            if (
                _content(live) == _content(new)
                and live["metadata"]["managedFields"] == new["metadata"]["managedFields"]
            ):
                return copy.deepcopy(live)  # a no-op leaves the version alone
            if live.get("spec") != new.get("spec"):
                new["metadata"]["generation"] += 1
        new["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects[_ref(new)] = new
        return copy.deepcopy(new)


def refused(message: str) -> Refused:
    """What an admission policy answers."""
    return Refused(403, message)


def _ref(body: Body) -> Ref:
    return body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]


def _is_owned(body: Body, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in body["metadata"].get("ownerReferences") or [])


def _content(body: Body) -> Body:
    metadata = {k: v for k, v in body["metadata"].items() if k not in ("resourceVersion", "managedFields")}
    return {**body, "metadata": metadata}
