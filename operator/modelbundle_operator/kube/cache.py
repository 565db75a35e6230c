"""The last seen state of every object that is of use, so that a reconcile reads nothing from the API server.

kopf's stream is the source, our own writes' answers and the resync complete it. Three rules keep it true: the newer
resourceVersion wins, whatever order events arrive in; a deletion has a version too, so a late echo revives
nothing; and the resync replaces a kind by a LIST, because kopf loses deletions that fall into a gap of the watch
(docs/adr/0003-a-cache-fed-by-the-watch.md).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.endpoint import ENDPOINT_KIND
from modelbundle_operator.api.names import KIND, LABEL_BUNDLE
from modelbundle_operator.api.status import Layer
from modelbundle_operator.judge.jobs import Job
from modelbundle_operator.judge.observation import Pod
from modelbundle_operator.kube.kept import (
    Kept,
    Ref,
    body_of,
    controller_of,
    job_of,
    keep,
    pod_of,
    reads_alike,
    ref_of,
    version_of,
)
from modelbundle_operator.kube.kinds import CACHED_KINDS, JOB_KIND, OWN_KINDS, OWNER_LABELS
from modelbundle_operator.kube.left_behind import LeftBehind
from modelbundle_operator.kube.said import Said
from modelbundle_operator.loop.key import Key

# deletions that are remembered, the latest: anybody may make and delete what carries our label, all day
GONE_MAX = 20_000


class ObjectCache:
    """Objects by kind, namespace and name; pods and Jobs also by the bundle that they are of."""

    def __init__(self) -> None:
        self._kept: dict[Ref, Kept] = {}
        self._gone: dict[Ref, int] = {}
        self._of_bundle: dict[str, defaultdict[Key, set[str]]] = {kind: defaultdict(set) for kind in ("Pod", JOB_KIND)}
        # bundles by how many endpoints name them: an endpoint reports pods that have outlived their bundle
        self._named: Counter[Key] = Counter()
        self._checked, self._layers = Said[bool](), Said[Layer]()
        self.left_behind = LeftBehind()
        self.filled = False

    def get(self, kind: str, key: Key) -> Body | None:
        """The object of this kind that has the key's own name; None also where it is too large to be kept."""
        kept = self._kept.get((kind, *key.place))
        return None if kept is None else body_of(kept)

    def knows(self, kind: str, key: Key) -> bool:
        """Whether an object of this kind and of the key's own name is known, also one that is too large to be kept."""
        return (kind, *key.place) in self._kept

    def size(self, kind: str, key: Key) -> int:
        """Bytes of the object's text; 0 where it is not known."""
        kept = self._kept.get((kind, *key.place))
        return 0 if kept is None else kept.size

    def is_heavy(self, key: Key) -> bool:
        """Whether a write of the object costs the API server much."""
        kept = self._kept.get((key.kind, *key.place))
        return kept is not None and kept.heavy

    def awaits(self, key: Key) -> str | None:
        """The base of a clone that is not resolved yet, without a look at the body."""
        kept = self._kept.get((KIND, *key.place))
        return None if kept is None else kept.awaits

    def pods(self, key: Key) -> list[Pod]:
        """What was observed of the bundle's pods, in a stable order."""
        names = self._of_bundle["Pod"].get(key, ())
        return [pod_of(self._kept["Pod", key.namespace, name]) for name in sorted(names)]

    def jobs(self, key: Key) -> list[Job]:
        """What was observed of the bundle's Jobs, in a stable order."""
        names = self._of_bundle[JOB_KIND].get(key, ())
        return [job_of(self._kept[JOB_KIND, key.namespace, name]) for name in sorted(names)]

    def job(self, namespace: str, name: str) -> Job | None:
        """What was observed of the Job of this name, whichever bundle has made it."""
        kept = self._kept.get((JOB_KIND, namespace, name))
        return None if kept is None else job_of(kept)

    def checked(self, namespace: str, inputs: str) -> bool:
        """Whether some bundle of the namespace was tried with this, and is good."""
        return any(self._checked.of(namespace, inputs))

    def layers(self, namespace: str, inputs: str) -> Iterable[Layer]:
        """What the bundles of the namespace say of the layer with these inputs."""
        return self._layers.of(namespace, inputs)

    def wants(self, kind: str, body: Body) -> bool:
        """Whether an object is kept: a child while its controller is known here or, where it has none, the owner that
        its label and its name say; a pod while its bundle is, or an endpoint that names it.

        A user who may create objects may label any number of them as ours. What only has a child's name is asked
        for when it is looked at.
        """
        if kind in OWN_KINDS:
            return True
        if kind == "Pod":
            return any((key.kind, *key.place) in self._kept or key in self._named for key in keys_for(kind, body))
        controller, owners = controller_of(body), keys_for(kind, body)
        if controller is not None:
            return any(self._uid(key) == controller.get("uid") for key in owners)
        labels = body["metadata"].get("labels") or {}
        return any(labels.get(OWNER_LABELS[key.kind]) == key.name and self._uid(key) is not None for key in owners)

    def keep(self, kind: str, body: Body) -> Kept | None:
        """What is kept of an object, None for nothing. Of a list it is asked before the next object is read: whole ones
        of a page would be too much."""
        return keep(kind, body) if self.wants(kind, body) else None

    def unchanged(self, kind: str, body: Body) -> Kept | None:
        """What is kept of an object already, where that is of the same version."""
        known = self._kept.get(ref_of(kind, body))
        return known if known is not None and known.version == version_of(body) > 0 else None

    def observe(self, kind: str, event: str | None, body: Body) -> bool:
        """Take in one event of the watch; whether it changed anything that a look reads."""
        ref = ref_of(kind, body)
        version, known = version_of(body), self._known_version(ref)
        ends = event == "DELETED" and ref in self._kept
        # the end of an old object may come after the start of its successor, in the answer to a write of ours
        if version < known or (version == known and not ends):
            return False
        kept = None if event == "DELETED" else self.keep(kind, body)
        if event == "DELETED":
            self.left_behind.gone(kind, body)
        else:
            self.left_behind.observed(kind, body, kept is not None)
        if kept is not None:
            return self._renew(kept, body)
        if event == "DELETED" or ref in self._kept:
            self._drop(ref, version)
            return True
        return False

    def record(self, body: Body) -> None:
        """Take in what the API server answered to a write of ours: its echo in the watch then changes nothing."""
        self.observe(body["kind"], "MODIFIED", body)

    def removed(self, kind: str, key: Key) -> None:
        """An object that is known here was deleted by us; what the watch says of it later is newer."""
        ref = (kind, *key.place)
        if (kept := self._kept.get(ref)) is not None:
            self._drop(ref, kept.version)

    def replace(self, kind: str, listed: Iterable[Kept], version: int, namespace: str | None = None) -> set[Key]:
        """Make the cache say what a LIST of this version said; the keys for which that changed anything that is read.

        `listed`: of each object what `keep` gave. `namespace`: the only one that was listed, None for all.
        """
        changed, refs = set[Key](), set[Ref]()
        for kept in listed:
            refs.add(kept.ref)
            if kept.version > self._known_version(kept.ref) and self._renew(kept):
                changed |= _keys_of(kept)
        within = [ref for ref in self._kept if ref[0] == kind and namespace in (None, ref[1])]
        for ref in within:
            if ref not in refs and self._known_version(ref) <= version:
                changed |= _keys_of(self._kept[ref])
                self._drop(ref, version)
        # a tombstone is needed only until the echoes have died away
        self._gone = {ref: at for ref, at in self._gone.items() if ref[0] != kind or at > version}
        return changed

    def keys(self) -> Iterator[Key]:
        """Every object of our own kinds."""
        return (Key(namespace, name, kind) for kind, namespace, name in self._kept if kind in OWN_KINDS)

    def readiness(self) -> Iterator[str]:
        """The reason of every bundle's Ready, for the metrics."""
        return (kept.ready for kept in self._kept.values() if kept.ref[0] == KIND)

    def sizes(self) -> dict[str, int]:
        """Objects by kind."""
        sizes = dict.fromkeys(CACHED_KINDS, 0)
        for kind, _, _ in self._kept:
            sizes[kind] = sizes.get(kind, 0) + 1
        return sizes

    def _uid(self, key: Key) -> str | None:
        kept = self._kept.get((key.kind, *key.place))
        return None if kept is None else kept.uid

    def _known_version(self, ref: Ref) -> int:
        kept = self._kept.get(ref)
        return kept.version if kept is not None else self._gone.get(ref, -1)

    def _renew(self, kept: Kept, body: Body | None = None) -> bool:
        """Whether that is a reason for a look."""
        old = self._kept.get(kept.ref)
        self._put(kept)
        return old is None or not reads_alike(old, kept, body)

    def _put(self, kept: Kept) -> None:
        self._unlink(kept.ref)
        self._gone.pop(kept.ref, None)
        self._kept[kept.ref] = kept
        kind, namespace, name = kept.ref
        if kept.checked:
            self._checked.add(namespace, kept.checked, True)
        if kept.layer is not None:
            self._layers.add(namespace, kept.layer.inputs, kept.layer)
        for key in _bundles_of(kept):
            if kind in self._of_bundle:
                self._of_bundle[kind][key].add(name)
            else:
                self._named[key] += 1

    def _drop(self, ref: Ref, version: int) -> None:
        self._unlink(ref)
        self._kept.pop(ref, None)
        self._gone.pop(ref, None)
        self._gone[ref] = version
        if len(self._gone) > GONE_MAX:
            del self._gone[next(iter(self._gone))]

    def _unlink(self, ref: Ref) -> None:
        old = self._kept.get(ref)
        if old is not None and old.checked:
            self._checked.remove(ref[1], old.checked, True)
        if old is not None and old.layer is not None:
            self._layers.remove(ref[1], old.layer.inputs, old.layer)
        for key in _bundles_of(old) if old is not None else ():
            if (of_bundle := self._of_bundle.get(ref[0])) is not None:
                of_bundle[key].discard(ref[2])
                if not of_bundle[key]:
                    del of_bundle[key]
            elif ref[0] == ENDPOINT_KIND:
                self._named[key] -= 1
                if not self._named[key]:
                    del self._named[key]


def keys_for(kind: str, body: Body) -> set[Key]:
    """The keys to reconcile after an event of this object.

    Children are named like their owner, and a name cannot be edited away as a label can; a Service of a name may be a
    bundle's or an endpoint's, and a key without an object has nothing to do. Pods and Jobs have only the label.
    """
    metadata = body["metadata"]
    label = (metadata.get("labels") or {}).get(LABEL_BUNDLE)
    labelled = {label} if kind in ("Pod", JOB_KIND) and label else ()
    return _keys(kind, metadata["namespace"], metadata["name"], labelled)


def _keys_of(kept: Kept) -> set[Key]:
    return _keys(*kept.ref, kept.bundles)


def _keys(kind: str, namespace: str, name: str, bundles: Iterable[str]) -> set[Key]:
    if kind in ("Pod", JOB_KIND):
        return {Key(namespace, bundle) for bundle in bundles}
    if kind == "Service":
        return {Key(namespace, name, own) for own in OWN_KINDS}
    return {Key(namespace, name, kind if kind in OWN_KINDS else KIND)}


def _bundles_of(kept: Kept) -> list[Key]:
    return [Key(kept.ref[1], name) for name in kept.bundles]
