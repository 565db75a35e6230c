"""The parts of a start (bundle_spec/startup.py), of the pod that answered first.

Each moment that Kubernetes or a container reports ends one part and begins the next, so the parts add up whatever is
missing: what has no moment of its own falls to the part after it. Clocks differ from node to node: a moment that would
be before the last one counts as that one.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bundle_spec.startup import CHECK, DETAILS, WHOLE
from modelbundle_operator.api.times import parse_time
from modelbundle_operator.judge.observation import INSTALL, PREPARE, WORKER, Ended, Pod

# pods that replace one another are made a moment before it is seen that none answers any more
_REPLACED = timedelta(seconds=10)


def startup(pod: Pod) -> dict[str, float]:
    """Seconds of each part, of the whole, and of what the containers measured themselves; empty where it is not known
    from when to when."""
    if pod.created is None or pod.ready_since is None:
        return {}
    begin, end = pod.created, max(pod.created, pod.ready_since)
    seconds: dict[str, float] = {}
    at = begin
    for part, moment in _moments(pod, end):
        until = min(max(moment, at), end)
        seconds[part] = seconds.get(part, 0.0) + (until - at).total_seconds()
        at = until
    return {**_measured(pod), **seconds, WHOLE: (end - begin).total_seconds()}


def with_check(previous: Mapping[str, float], found: dict[str, float]) -> dict[str, float]:
    """The parts with those of the Job that tried the bundle first, where it is this start that the Job was before."""
    if CHECK not in previous or WHOLE in previous:
        return found
    return {CHECK: previous[CHECK], **found}


def is_another_start(previous: Mapping[str, Any], pod: Pod) -> bool:
    """Whether the pod has started since `previous` was said of its bundle: not where it served before, and is back."""
    before, ready = previous.get("startup"), _ready(previous)
    if before is None or (WHOLE not in before and not _serves(ready)):
        return True
    if _serves(ready):
        return False
    lost = parse_time(ready.get("lastTransitionTime"))
    return lost is None or pod.created is None or pod.created + _REPLACED >= lost


def _moments(pod: Pod, end: datetime) -> Iterator[tuple[str, datetime]]:
    """The end of each part."""
    containers = [pod.containers.get(name) for name in (PREPARE, INSTALL, WORKER)]
    failed = any(container is not None and container.restarts for container in containers)
    between = "retries" if failed else "images"
    found: list[tuple[str, datetime | None]] = [("scheduled", pod.scheduled_at)]
    for name in (PREPARE, INSTALL):
        run = _run(pod, name)
        if run is not None:
            found += [(between, run.started), (name, run.finished)]
    worker = pod.containers.get(WORKER)
    found += [(between, worker.running_since if worker is not None else None), ("load", end)]
    return ((part, moment) for part, moment in found if moment is not None)


def _measured(pod: Pod) -> dict[str, float]:
    """What prepare and install say of the steps of theirs: finer than a pod's times, which have whole seconds."""
    reports = [(name, run.report) for name in (PREPARE, INSTALL) if (run := _run(pod, name)) is not None]
    return {
        step: report.seconds[step]
        for name, report in reports
        for step, part in DETAILS.items()
        if part == name and report is not None and step in report.seconds
    }


def _run(pod: Pod, name: str) -> Ended | None:
    container = pod.containers.get(name)
    return container.completed if container is not None else None


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((each for each in status.get("conditions") or [] if each["type"] == "Ready"), {})


def _serves(ready: Mapping[str, Any]) -> bool:
    return (ready.get("status"), ready.get("reason")) == ("True", "Serving")
