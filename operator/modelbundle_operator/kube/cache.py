"""The last seen body of every object that is of use, so that a reconcile reads nothing from the API server.

kopf's stream is the source, our own writes' answers and the resync complete it. Three rules keep it true: the newer
resourceVersion wins, whatever order events arrive in; a deletion has a version too, so a late echo revives
nothing; and the resync replaces a kind by a LIST, because kopf loses deletions that fall into a gap of the watch
(docs/adr/0003-a-cache-fed-by-the-watch.md).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.endpoint import ENDPOINT_KIND
from modelbundle_operator.api.names import KIND, LABEL_BUNDLE
from modelbundle_operator.judge.observation import Pod, observe_pod
from modelbundle_operator.kube.decoding import packed, unpacked
from modelbundle_operator.kube.kinds import CACHED_KINDS, CHILD_KINDS, OWN_KINDS, OWNER_LABELS
from modelbundle_operator.loop.key import Key

# bytes of JSON; a ConfigMap of a large document is beyond it, and asked for whenever its bundle is looked at
LARGEST_CHILD = 64 * 1024
# marks an outline of a child that is too large to be kept
LARGE = "large"

Ref = tuple[str, str, str]


class ObjectCache:
    """Bodies by kind, namespace and name; pods also by the bundle that they serve."""

    def __init__(self) -> None:
        self._bodies: dict[Ref, Body] = {}
        self._gone: dict[Ref, int] = {}
        self._pods: defaultdict[Key, set[str]] = defaultdict(set)
        # bundles by how many endpoints name them: an endpoint reports pods that have outlived their bundle
        self._named: Counter[Key] = Counter()
        self.filled = False

    def get(self, kind: str, key: Key) -> Body | None:
        """The object of this kind that has the key's own name; None also where it is too large to be kept."""
        body = self._bodies.get((kind, *key.place))
        return None if body is None or LARGE in body else unpacked(body)

    def knows(self, kind: str, key: Key) -> bool:
        """Whether an object of this kind and of the key's own name is known, also one that is too large to be kept."""
        return (kind, *key.place) in self._bodies

    def pods(self, key: Key) -> list[Pod]:
        """What was observed of the bundle's pods, in a stable order."""
        return [self._bodies["Pod", key.namespace, name]["observed"] for name in sorted(self._pods.get(key, ()))]

    def wants(self, kind: str, body: Body) -> bool:
        """Whether an object is kept: a child while its controller is known here or, where it has none, the owner that
        its label and its name say; a pod while its bundle is, or an endpoint that names it.

        A user who may create objects may label any number of them as ours. What only has a child's name is asked
        for when it is looked at.
        """
        if kind in OWN_KINDS:
            return True
        if kind == "Pod":
            return any((key.kind, *key.place) in self._bodies or key in self._named for key in keys_for(kind, body))
        controller, owners = controller_of(body), keys_for(kind, body)
        if controller is not None:
            return any(self._uid(key) == controller.get("uid") for key in owners)
        labels = body["metadata"].get("labels") or {}
        return any(labels.get(OWNER_LABELS[key.kind]) == key.name and self._uid(key) is not None for key in owners)

    def keep(self, kind: str, body: Body) -> Body | None:
        """What is kept of an object, None for nothing. Of a list it is asked before the next object is read: whole ones
        of a page would be too much."""
        return kept(kind, body) if self.wants(kind, body) else None

    def observe(self, kind: str, event: str | None, body: Body) -> bool:
        """Take in one event of the watch; whether it changed what is known."""
        ref = _ref(kind, body)
        version, known = _version(body), self._known_version(ref)
        ends = event == "DELETED" and ref in self._bodies
        # kopf has one worker per uid: the end of an old object may come after the start of its successor
        if version < known or (version == known and not ends):
            return False
        part = None if event == "DELETED" else self.keep(kind, body)
        if part is not None:
            self._put(ref, part)
        elif event == "DELETED" or ref in self._bodies:
            self._drop(ref, version)
        else:
            return False
        return True

    def record(self, body: Body) -> None:
        """Take in what the API server answered to a write of ours: its echo in the watch then changes nothing."""
        self.observe(body["kind"], "MODIFIED", body)

    def replace(self, kind: str, listed: Iterable[Body], version: int, namespace: str | None = None) -> set[Key]:
        """Make the cache say what a LIST of this version said; the keys for which that changed anything.

        `listed`: of each object what `keep` gave. `namespace`: the only one that was listed, None for all.
        """
        changed, refs = set[Key](), set[Ref]()
        for part in listed:
            refs.add(ref := _ref(kind, part))
            if _version(part) > self._known_version(ref):
                self._put(ref, part)
                changed |= keys_for(kind, part)
        within = [ref for ref in self._bodies if ref[0] == kind and namespace in (None, ref[1])]
        for ref in within:
            if ref not in refs and self._known_version(ref) <= version:
                changed |= keys_for(kind, self._bodies[ref])
                self._drop(ref, version)
        # a tombstone is needed only until the echoes have died away
        self._gone = {ref: at for ref, at in self._gone.items() if ref[0] != kind or at > version}
        return changed

    def keys(self) -> Iterator[Key]:
        """Every object of our own kinds."""
        return (Key(namespace, name, kind) for kind, namespace, name in self._bodies if kind in OWN_KINDS)

    def readiness(self) -> Iterator[str]:
        """The reason of every bundle's Ready, for the metrics."""
        for (kind, _, _), body in self._bodies.items():
            if kind == KIND:
                conditions = (body.get("status") or {}).get("conditions") or []
                yield next((c["reason"] for c in conditions if c["type"] == "Ready"), "Unknown")

    def sizes(self) -> dict[str, int]:
        """Objects by kind."""
        sizes = dict.fromkeys(CACHED_KINDS, 0)
        for kind, _, _ in self._bodies:
            sizes[kind] = sizes.get(kind, 0) + 1
        return sizes

    def _uid(self, key: Key) -> str | None:
        body = self._bodies.get((key.kind, *key.place))
        return None if body is None else body["metadata"].get("uid")

    def _known_version(self, ref: Ref) -> int:
        body = self._bodies.get(ref)
        return _version(body) if body is not None else self._gone.get(ref, -1)

    def _put(self, ref: Ref, body: Body) -> None:
        self._unlink(ref)
        self._gone.pop(ref, None)
        self._bodies[ref] = body
        if ref[0] == "Pod":
            self._pods[_bundle_of_pod(ref, body)].add(ref[2])
        elif ref[0] == ENDPOINT_KIND:
            self._named.update(_bundles_of(ref, body))

    def _drop(self, ref: Ref, version: int) -> None:
        self._unlink(ref)
        self._bodies.pop(ref, None)
        self._gone[ref] = version

    def _unlink(self, ref: Ref) -> None:
        old = self._bodies.get(ref)
        if old is not None and ref[0] == "Pod":
            key = _bundle_of_pod(ref, old)
            self._pods[key].discard(ref[2])
            if not self._pods[key]:
                del self._pods[key]
        elif old is not None and ref[0] == ENDPOINT_KIND:
            for key in _bundles_of(ref, old):
                self._named[key] -= 1
                if not self._named[key]:
                    del self._named[key]


def keys_for(kind: str, body: Body) -> set[Key]:
    """The keys to reconcile after an event of this object.

    Children are named like their owner, and a name cannot be edited away as a label can; a Service of a name may be a
    bundle's or an endpoint's, and a key without an object has nothing to do. Pods have only the label.
    """
    metadata = body["metadata"]
    if kind == "Pod":
        name = (metadata.get("labels") or {}).get(LABEL_BUNDLE)
        return {Key(metadata["namespace"], name)} if name else set()
    place = metadata["namespace"], metadata["name"]
    if kind == "Service":
        return {Key(*place, own) for own in OWN_KINDS}
    return {Key(*place, kind if kind in OWN_KINDS else KIND)}


def controller_of(body: Body) -> Body | None:
    """The ownerReference of the object's controller."""
    return next((ref for ref in body["metadata"].get("ownerReferences") or [] if ref.get("controller")), None)


def kept(kind: str, body: Body) -> Body:
    """The body without what nobody here reads; children keep managedFields, which tell a foreign edit.

    Of a child of any size that a user gave our bundle as its controller, only what makes it known is kept.
    """
    if kind in CHILD_KINDS:
        return body if LARGE in body or len(json.dumps(body)) <= LARGEST_CHILD else outline(body)
    if kind == "Pod":
        return {"metadata": outline(body)["metadata"], "observed": observe_pod(body)}
    metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
    found = {**body, "metadata": metadata}
    return packed(found) if kind == KIND else found


def outline(body: Body) -> Body:
    """What makes a child or pod known: who it is, whose, and in which version."""
    metadata = body["metadata"]
    names = {name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion") if name in metadata}
    label = (metadata.get("labels") or {}).get(LABEL_BUNDLE)
    controller = controller_of(body)
    return {
        "metadata": {
            **names,
            "labels": {LABEL_BUNDLE: label} if label else {},
            "ownerReferences": [{"controller": True, "uid": controller.get("uid")}] if controller else [],
        },
        LARGE: True,
    }


def _bundle_of_pod(ref: Ref, kept_pod: Body) -> Key:
    return Key(ref[1], kept_pod["observed"].bundle)


def _bundles_of(ref: Ref, endpoint: Body) -> set[Key]:
    """The bundle that an endpoint is to stand for, and those which it still does."""
    spec, status = endpoint.get("spec") or {}, endpoint.get("status") or {}
    names = {spec.get("bundle"), status.get("bundle"), (status.get("moving") or {}).get("from")}
    return {Key(ref[1], name) for name in names if name}


def _ref(kind: str, body: Body) -> Ref:
    return (kind, body["metadata"]["namespace"], body["metadata"]["name"])


def _version(body: Body) -> int:
    """Kubernetes 1.35 promises what has always been so: resource versions of one kind compare as whole numbers."""
    return int(body["metadata"].get("resourceVersion") or 0)
