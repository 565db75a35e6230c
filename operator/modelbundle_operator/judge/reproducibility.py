"""Does what runs now equal what ran first: the image that a tag stood for, the requirements that an index had.

The digest of a bundle says what was asked for. A tag can be moved and an unpinned requirement can be released again, so
the first pod that answers is written down, and every pod after it is compared. A bundle that differs goes on serving:
it is the user who knows whether the difference matters, and a pin in a clone that makes it impossible.
"""

from collections.abc import Callable

from modelbundle_operator.api.names import ConditionType, Reason
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.judge.evidence import Evidence, run_from_pod


def image_moved(known: Evidence) -> Verdict | None:
    """A pod runs another image than ran first."""
    first = known.first_run
    for pod in known.seen.pods:
        now = run_from_pod(pod)
        if first.image_id and now.image_id and _hash(now.image_id) != _hash(first.image_id):
            text = (
                f"Pod {pod.name} runs the image {now.image_id}, and the bundle first ran {first.image_id}: the tag was"
                f" moved. {_pin(first.image_id)}"
            )
            return Verdict(ConditionType.REPRODUCIBLE, "False", Reason.IMAGE_MOVED, text)
    return None


def requirements_moved(known: Evidence) -> Verdict | None:
    """A pod installed other requirements than were installed first."""
    first = known.first_run
    for pod in known.seen.pods:
        now = run_from_pod(pod)
        if first.requirements and now.requirements and now.requirements != first.requirements:
            text = (
                f"Pod {pod.name} installed other requirements than the bundle first ran with ({now.requirements}, at"
                f" first {first.requirements}): the index has other versions now. Clone the bundle with each"
                " requirement pinned (name==version), and what they need in turn."
            )
            return Verdict(ConditionType.REPRODUCIBLE, "False", Reason.REQUIREMENTS_MOVED, text)
    return None


def all_pods_match_first_run(known: Evidence) -> Verdict | None:
    """Pods answer, and none differs."""
    first = known.first_run
    if not first.image_id or not known.seen.serving:
        return None
    text = f"Every pod runs what the bundle first ran: {first.image_id}."
    return Verdict(ConditionType.REPRODUCIBLE, "True", Reason.UNCHANGED, text)


def nothing_to_compare(known: Evidence) -> Verdict:
    """No pod has answered yet."""
    if not known.seen.wanted:
        return Verdict(ConditionType.REPRODUCIBLE, "Unknown", Reason.STORED, "No pod runs.")
    return Verdict(ConditionType.REPRODUCIBLE, "Unknown", Reason.PROGRESSING, "No pod answers yet.")


REPRODUCIBLE: tuple[Callable[[Evidence], Verdict | None], ...] = (
    image_moved,
    requirements_moved,
    all_pods_match_first_run,
    nothing_to_compare,
)


def _pin(image_id: str) -> str:
    """What makes it impossible; an image that was loaded onto the node has no digest that a registry knows."""
    if "@" in image_id:
        return f"To run the first one for good, clone the bundle with @{_hash(image_id)} in envParams."
    return "To run one for good, push it to a registry and clone the bundle with its digest in envParams."


def _hash(image_id: str) -> str:
    """The registry and a mirror of it may serve one image."""
    return image_id.rpartition("@")[2]
