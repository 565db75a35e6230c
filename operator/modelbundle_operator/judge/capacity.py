"""When no node takes a pod: how long to be patient, what to say, and whether a roll-out may make room first."""

import re
from collections.abc import Iterable

from modelbundle_operator.api.times import seconds_between
from modelbundle_operator.judge.observation import Observation, Pod
from modelbundle_operator.judge.reports import quoted

# a scheduler that runs binds a pod or says why not within a second or so, unless thousands wait
UNNOTICED_SECONDS = 15.0

# as in `persistentvolumeclaim "weights" not found` and `1 node(s) had volume node affinity conflict`
_CLAIM = re.compile("persistentvolume|volume node affinity|volume zone", re.IGNORECASE)
# what the nodeSelector may be the cause of too is in other words
_APART = re.compile("pod (anti-)?affinity rules|topology spread constraints", re.IGNORECASE)


def takes_pods_down_first(seen: Observation) -> bool:
    """Whether this roll-out may remove a pod before its successor runs: the user allowed it and nothing else helps.

    Once begun it stays so until the roll-out is over, or the strategy would flip back as soon as the pod has gone.
    """
    rollout = seen.bundle.spec.serving.rollout
    if rollout is None or rollout.when_no_capacity != "Replace" or not seen.wanted or seen.complete:
        return False
    return seen.rollout.takes_down_first or (bool(seen.serving) and pod_without_room(seen) is not None)


def pod_without_room(seen: Observation) -> Pod | None:
    """A pod that no node takes: at once when nothing serves, after a while when it is only the roll-out that waits."""
    if seen.precheck is not None:  # its Job does not wait for ever
        return None
    patience = seen.no_capacity_seconds if seen.serving else 0.0
    for pod in seen.newest:
        waited = seconds_between(pod.unschedulable_since, seen.now)
        if pod.unschedulable and waited is not None and waited >= patience:
            return pod
    return None


def capacity_due(seen: Observation) -> float | None:
    """Seconds until a waiting pod of a roll-out is worth a word."""
    if not seen.serving:
        return None
    waits = (seconds_between(pod.unschedulable_since, seen.now) for pod in seen.newest if pod.unschedulable)
    return _due(seen.no_capacity_seconds, waits)


def pod_that_nobody_looks_at(seen: Observation) -> Pod | None:
    """A pod of which no scheduler has said a word for a while: the one that is to place it does not run, and then
    nothing tells."""
    for pod in seen.newest:
        waited = seconds_between(pod.created, seen.now) if pod.awaits else None
        if waited is not None and waited >= UNNOTICED_SECONDS:
            return pod
    return None


def unnoticed_due(seen: Observation) -> float | None:
    """Seconds until that is worth a word."""
    return _due(UNNOTICED_SECONDS, (seconds_between(pod.created, seen.now) for pod in seen.newest if pod.awaits))


def unnoticed_words(pod: Pod, asked: str | None) -> str:
    """What a pod waits for. `asked`: spec.serving.schedulerName, as a webhook too may give a pod another scheduler."""
    field, way = "its schedulerName", ""
    if pod.awaits == asked:
        field, way = "spec.serving.schedulerName", ", or name another one there"
    return f"no scheduler has looked at the pod: see whether {pod.awaits} runs, which {field} names{way}"


def capacity_words(pod: Pod) -> str:
    """The scheduler's words about a pod, and what the user can do."""
    # what preemption could not do repeats the first sentence and changes with every node
    words = quoted(pod.unschedulable.partition(" preemption:")[0]).rstrip("., ")
    advice = [
        (" Name a taint that the pods are to tolerate in spec.serving.tolerations.", "taint" in words),
        (
            " See to the claims that spec.serving.volumes names, or a pvc:// address of the artifact.",
            _CLAIM.search(words),
        ),
        (" Loosen spec.serving.affinity or topologySpread.", _APART.search(words)),
    ]
    more = "".join(text for text, applies in advice if applies)
    return (
        f"No node takes the pod; the scheduler says: {words}.{more} Free or add such nodes, ask for less in"
        " spec.serving (gpu, resources, nodeSelector), or set serving.rollout.whenNoCapacity: Replace for roll-outs."
    )


def _due(patience: float, waits: Iterable[float | None]) -> float | None:
    """Seconds until the first that has not waited so long has."""
    left = (patience - waited for waited in waits if waited is not None)
    return min((seconds + 1.0 for seconds in left if seconds > 0), default=None)
