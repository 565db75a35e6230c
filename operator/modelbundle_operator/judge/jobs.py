"""The Job that tries a bundle before a GPU is taken (docs/adr/0037), as it is seen: facts only."""

from dataclasses import dataclass
from datetime import datetime

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import ANNOTATION_LAYER, LABEL_BUNDLE
from modelbundle_operator.api.times import parse_time

_LONGEST_HASH = 71  # of sha256:<hex>; an annotation that others write may be longer


@dataclass(frozen=True, slots=True)
class Job:
    """What is read of one Job."""

    name: str
    uid: str = ""
    bundle: str = ""  # whose it is, by its label
    created: datetime | None = None
    complete: bool = False
    failed: str = ""  # why Kubernetes has given it up
    leaving: bool = False
    layer: str = ""  # the inputs of the layer that it is to make; empty for none


@dataclass(frozen=True)
class Precheck:
    """A bundle that is to be tried first: the hash of what the result depends on, and the Job, once there is one."""

    inputs: str
    name: str
    job: Job | None = None
    required: bool = True  # else it is for the layer alone, and the bundle starts without it as soon as it fails
    layer: str = ""  # the inputs of the layer of its requirements; empty where there can be none
    makes_layer: bool = False  # a Job that is made now is to make it


def observe_job(body: Body) -> Job:
    """What of a Job's body anybody here looks at."""
    metadata = body["metadata"]
    conditions = (body.get("status") or {}).get("conditions") or []
    true = {each["type"]: each for each in conditions if each["status"] == "True"}
    return Job(
        name=metadata["name"],
        uid=metadata.get("uid") or "",
        bundle=(metadata.get("labels") or {}).get(LABEL_BUNDLE, ""),
        created=parse_time(metadata.get("creationTimestamp")),
        complete="Complete" in true,
        failed=(true["Failed"].get("message") or "Failed") if "Failed" in true else "",
        leaving=bool(metadata.get("deletionTimestamp")),
        layer=str((metadata.get("annotations") or {}).get(ANNOTATION_LAYER) or "")[:_LONGEST_HASH],
    )


def job_of(metadata: Body) -> str:
    """The uid of the Job that controls a pod; empty where none does."""
    owners = metadata.get("ownerReferences") or []
    return next((str(each.get("uid")) for each in owners if each.get("controller") and each.get("kind") == "Job"), "")
