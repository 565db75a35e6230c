"""What the cache keeps of an object: a few words about it, and its text, compressed, parsed when it is looked at.

As Python values a body takes four times its text, and its text five times what zlib makes of it; most objects are not
looked at for days. Nothing is lost on the way: a write may be made of what is read from here. Of a pod or a Job, which
nobody here changes, only what is observed is kept, and not packed: whoever looks at a bundle looks at all of its pods.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic import ValidationError

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.endpoint import ENDPOINT_KIND
from modelbundle_operator.api.names import KIND, LABEL_BUNDLE
from modelbundle_operator.api.status import Layer
from modelbundle_operator.bundle.resolve import awaited_base
from modelbundle_operator.judge.bodies import observe_pod, observe_rollout
from modelbundle_operator.judge.jobs import Job, observe_job
from modelbundle_operator.judge.layers import is_understood
from modelbundle_operator.judge.observation import Pod
from modelbundle_operator.kube.json_text import dumps, loads
from modelbundle_operator.kube.kinds import ALL_CHILD_KINDS, JOB_KIND

# bytes of JSON; a ConfigMap of a large document is beyond it, and asked for whenever its bundle is looked at
LARGEST_CHILD = 64 * 1024
# marks an outline of a child that is too large to be kept
LARGE = "large"
# marks an object of ours that is costly to write, also where not all of its text is kept
HEAVY = "heavy"

# Kubernetes' own note on a Deployment
_REVISION = "deployment.kubernetes.io/revision"

_FASTEST = 1  # the better levels take ten times as long for a tenth of the size
_OBSERVED: Mapping[str, Callable[[Body], Pod | Job]] = {"Pod": observe_pod, JOB_KIND: observe_job}

Ref = tuple[str, str, str]


class Kept(NamedTuple):
    """One object: what is asked about it without a look at it, and the rest as bytes."""

    ref: Ref
    version: int
    uid: str
    bundles: frozenset[str]  # of its namespace: a pod's or a Job's, and those that an endpoint leads or is to lead to
    ready: str  # the reason of a bundle's Ready
    awaits: str | None  # the base of a clone that is not resolved yet
    size: int  # bytes of its text, 0 of a pod or Job
    heavy: bool  # an object of ours that is costly to write
    body: bytes | Pod | Job | None  # None: a child that is too large
    checked: str = ""  # the hash of what a bundle was tried with, and is good
    layer: Layer | None = None  # what a bundle says of the layer of its requirements


def keep(kind: str, body: Body) -> Kept:
    """What is kept of an object; children keep managedFields, which tell a foreign edit."""
    metadata = body["metadata"]
    text = b"" if kind in _OBSERVED else _text(kind, body)
    return Kept(
        ref=ref_of(kind, body),
        version=version_of(body),
        uid=metadata.get("uid") or "",
        bundles=bundles_of(kind, body),
        ready=_ready(body) if kind == KIND else "",
        awaits=awaited_base(body) if kind == KIND else None,
        size=len(text),
        heavy=HEAVY in body,
        body=_OBSERVED[kind](body) if kind in _OBSERVED else _packed(kind, body, text),
        checked=str((body.get("status") or {}).get("checked") or "") if kind == KIND else "",
        layer=_layer(body) if kind == KIND else None,
    )


def body_of(kept: Kept) -> Body | None:
    """The object again; None where it is too large to be kept."""
    if kept.body is None:
        return None
    assert isinstance(kept.body, bytes), "pods and Jobs are not asked for as bodies"
    body: Body = loads(zlib.decompress(kept.body))
    return body


def pod_of(kept: Kept) -> Pod:
    """What was observed of a pod."""
    assert isinstance(kept.body, Pod)
    return kept.body


def job_of(kept: Kept) -> Job:
    """What was observed of a Job."""
    assert isinstance(kept.body, Job)
    return kept.body


def reads_alike(old: Kept, new: Kept, body: Body | None = None) -> bool:
    """Whether a look reads the same of both, so that the step from one to the other is no reason for one. `body`: the
    new one as it came, where that is at hand.

    Most events of a pod or a Deployment are such: how many are available, a condition that nobody asks about, when a
    field was written. Those of a bundle or an endpoint hardly ever are, and it may be large; of a child that is too
    large to be kept it cannot be told.
    """
    kind = old.ref[0]
    if old.uid != new.uid:
        return False
    if kind in _OBSERVED:
        return old.body == new.body
    if kind not in ALL_CHILD_KINDS or (before := body_of(old)) is None or new.body is None:
        return False
    return _read_of(kind, before) == _read_of(kind, body or body_of(new) or {})


def ref_of(kind: str, body: Body) -> Ref:
    """Kind, namespace and name."""
    return (kind, body["metadata"]["namespace"], body["metadata"]["name"])


def version_of(body: Body) -> int:
    """Kubernetes 1.35 promises what has always been so: resource versions of one kind compare as whole numbers."""
    return int(body["metadata"].get("resourceVersion") or 0)


def bundles_of(kind: str, body: Body) -> frozenset[str]:
    """The bundle that a pod or Job is of; those that an endpoint is to stand for, and which it still does."""
    if kind in _OBSERVED:
        names = {(body["metadata"].get("labels") or {}).get(LABEL_BUNDLE)}
    elif kind == ENDPOINT_KIND:
        spec, status = body.get("spec") or {}, body.get("status") or {}
        names = {spec.get("bundle"), status.get("bundle"), (status.get("moving") or {}).get("from")}
    else:
        return frozenset()
    return frozenset(name for name in names if name)


def controller_of(body: Body) -> Body | None:
    """The ownerReference of the object's controller."""
    return next((ref for ref in body["metadata"].get("ownerReferences") or [] if ref.get("controller")), None)


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


def _text(kind: str, body: Body) -> bytes:
    if kind not in ALL_CHILD_KINDS:
        metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
        body = {**body, "metadata": metadata}
    return dumps(body)


def _packed(kind: str, body: Body, text: bytes) -> bytes | None:
    """Of a child of any size that a user gave our bundle as its controller, only what makes it known is kept."""
    too_large = kind in ALL_CHILD_KINDS and (LARGE in body or len(text) > LARGEST_CHILD)
    return None if too_large else zlib.compress(text, _FASTEST)


def _read_of(kind: str, body: Body) -> object:
    """All of a child but what no look reads: the version, when something was written, and the status with who wrote
    it; of a Deployment's status what is read as a roll-out stays."""
    metadata = {name: value for name, value in body["metadata"].items() if name != "resourceVersion"}
    entries = [entry for entry in metadata.get("managedFields") or [] if entry.get("subresource") != "status"]
    metadata["managedFields"] = [{name: entry[name] for name in entry if name != "time"} for entry in entries]
    notes = metadata.get("annotations") or {}
    metadata["annotations"] = {name: note for name, note in notes.items() if name != _REVISION}
    rollout = observe_rollout(body) if kind == "Deployment" else None
    return {**body, "metadata": metadata, "status": None}, rollout


def _layer(bundle: Body) -> Layer | None:
    """None too of one that is not understood, as another version or somebody else has written it."""
    said = (bundle.get("status") or {}).get("layer")
    try:
        layer = None if said is None else Layer.model_validate(said)
    except ValidationError:
        return None
    return layer if layer is not None and is_understood(layer) else None


def _ready(bundle: Body) -> str:
    conditions = (bundle.get("status") or {}).get("conditions") or []
    return next((str(each["reason"]) for each in conditions if each["type"] == "Ready"), "Unknown")
