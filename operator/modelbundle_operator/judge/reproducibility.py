"""Does what runs now equal what ran first: the image that a tag stood for, the requirements that an index had.

The digest of a bundle says what was asked for. A tag can be moved and an unpinned requirement can be released anew, so
the first pod that answers is written down, and every pod after it is compared. A bundle that differs goes on serving:
it is the user who knows whether the difference matters, and a pin in a clone that makes it impossible.
"""

from collections.abc import Callable
from dataclasses import dataclass

from modelbundle_operator.api.names import ConditionType, Reason
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.judge.observation import INSTALL, WORKER, Observation, Pod
from modelbundle_operator.judge.reports import parse, whole_number


@dataclass(frozen=True)
class Run:
    """What ran in a pod, as far as it is known."""

    image_id: str = ""
    requirements: str = ""
    count: int | None = None


def run_from_pod(pod: Pod) -> Run:
    """The worker's image as the kubelet pulled it, and what install says that it installed."""
    worker, install = pod.containers.get(WORKER), pod.containers.get(INSTALL)
    report = parse(install.completed.message) if install is not None and install.completed is not None else None
    more = report.more if report is not None and report.reason == Reason.COMPLETED else {}
    digest = more.get("requirementsDigest")
    return Run(
        worker.image_id[:1024] if worker is not None else "",
        digest if isinstance(digest, str) and len(digest) <= 71 else "",
        whole_number(more.get("count")),
    )


def first_run(seen: Observation) -> Run:
    """What was written down; before that, the pod that answered first."""
    kept = seen.previous
    now = (
        run_from_pod(min(seen.serving, key=lambda pod: (pod.ready_since or seen.now, pod.name)))
        if seen.serving
        else Run()
    )
    listed = kept.requirements
    return Run(
        kept.image_id or now.image_id,
        (listed.digest if listed else None) or now.requirements,
        listed.count if listed else now.count,
    )


def image_moved(seen: Observation) -> Verdict | None:
    first = first_run(seen)
    for pod in seen.pods:
        now = run_from_pod(pod)
        if first.image_id and now.image_id and _hash(now.image_id) != _hash(first.image_id):
            text = (
                f"Pod {pod.name} runs the image {now.image_id}, and the bundle first ran {first.image_id}: the tag was"
                f" moved. {_pin(first.image_id)}"
            )
            return Verdict(ConditionType.REPRODUCIBLE, "False", Reason.IMAGE_MOVED, text)
    return None


def requirements_moved(seen: Observation) -> Verdict | None:
    first = first_run(seen)
    for pod in seen.pods:
        now = run_from_pod(pod)
        if first.requirements and now.requirements and now.requirements != first.requirements:
            text = (
                f"Pod {pod.name} installed other requirements than the bundle first ran with ({now.requirements}, at"
                f" first {first.requirements}): the index has other versions now. Clone the bundle with each"
                " requirement pinned (name==version), and what they need in turn."
            )
            return Verdict(ConditionType.REPRODUCIBLE, "False", Reason.REQUIREMENTS_MOVED, text)
    return None


def all_pods_match_first_run(seen: Observation) -> Verdict | None:
    first = first_run(seen)
    if not first.image_id or not seen.serving:
        return None
    text = f"Every pod runs what the bundle first ran: {first.image_id}."
    return Verdict(ConditionType.REPRODUCIBLE, "True", Reason.UNCHANGED, text)


def nothing_to_compare(seen: Observation) -> Verdict:
    if not seen.wanted:
        return Verdict(ConditionType.REPRODUCIBLE, "Unknown", Reason.STORED, "No pod runs.")
    return Verdict(ConditionType.REPRODUCIBLE, "Unknown", Reason.PROGRESSING, "No pod answers yet.")


CHECKS: tuple[Callable[[Observation], Verdict | None], ...] = (
    image_moved,
    requirements_moved,
    all_pods_match_first_run,
    nothing_to_compare,
)


def reproducibility(seen: Observation) -> Verdict:
    """The condition Reproducible: the first check that has an answer."""
    return next(verdict for check in CHECKS if (verdict := check(seen)) is not None)


def _pin(image_id: str) -> str:
    """What makes it impossible; an image that was loaded onto the node has no digest that a registry knows."""
    if "@" in image_id:
        return f"To run the first one for good, clone the bundle with @{_hash(image_id)} in envParams."
    return "To run one for good, push it to a registry and clone the bundle with its digest in envParams."


def _hash(image_id: str) -> str:
    """The registry and a mirror of it may serve one image."""
    return image_id.rpartition("@")[2]
