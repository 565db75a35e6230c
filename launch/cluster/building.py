"""The Job that tries a bundle and installs its requirements once, as its log tells it: prepare, install, store."""

from __future__ import annotations

import re
import time
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from launch.bundle.conditions import conditions
from launch.cluster.api import LABEL_JOB, follow_log, pod_log, pods_of, pods_of_job
from launch.errors import APIError, LaunchError

POLL_SECONDS = 0.3  # a container that has packed little is over, and its pod gone, within a second
# as the message of Ready names it, of whichever bundle it is; docs/reference/pod-contract.md
_JOB = re.compile(r"\bmodelbundle-precheck-[0-9a-f]{16}\b")

_LONGEST_LINE = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Line = Tuple[str, str]  # the container's name, and what it wrote


def job_of(api: Any, namespace: str, bundle: Mapping[str, Any]) -> str:
    """The Job that the bundle waits for, which may be another bundle's; empty for none."""
    found = _JOB.search(str(conditions(bundle).get("Ready", {}).get("message", "")))
    if found:
        return found[0]
    own = [(pod["metadata"].get("labels") or {}).get(LABEL_JOB) for pod in pods_of(api, namespace, _name(bundle))]
    return next(filter(None, own), "")  # one that fails says why, and not who found it


def written(api: Any, namespace: str, job: str, query: Mapping[str, str]) -> List[Line]:
    """What the containers of its newest pod have written by now."""
    pods = pods_of_job(api, namespace, job)
    if not pods:
        return []
    name = pods[-1]["metadata"]["name"]
    return [
        (container, line)
        for container in _begun(pods[-1])
        for line in pod_log(api, namespace, name, container, query).splitlines()
    ]


def last_line(api: Any, namespace: str, job: str) -> str:
    """What the container that runs, or ran last, wrote last; empty where that is not known. Containers are the steps:
    prepare fetches the artifact, install resolves, downloads and builds, store packs and uploads."""
    try:
        pods = pods_of_job(api, namespace, job)
        begun = _begun(pods[-1]) if pods else []
        if not begun:
            return ""
        text = pod_log(api, namespace, pods[-1]["metadata"]["name"], begun[-1], {"tailLines": "1"})
    except LaunchError:  # as without the right to read logs
        return ""
    last = text.strip().rpartition("\n")[2]
    line = " ".join(_CONTROL.sub(" ", last).split())
    shown = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."
    return f"{begun[-1]}: {shown}" if shown else begun[-1]


def followed(api: Any, namespace: str, job: str) -> Iterator[Line]:
    """Line by line, one container after the other, until the Job is gone or its pod is over."""
    done: List[Tuple[str, str]] = []
    while pods := pods_of_job(api, namespace, job):
        pod = pods[-1]
        name = pod["metadata"]["name"]
        left = [each for each in _begun(pod) if (name, each) not in done]
        for container in left:
            done.append((name, container))
            try:
                for line in follow_log(api, namespace, name, container, {}):
                    yield container, line.rstrip("\n")
            except APIError as error:
                if error.status != 404:  # else the pod went meanwhile
                    raise
        if not left:
            if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
                return
            time.sleep(POLL_SECONDS)


def _name(bundle: Mapping[str, Any]) -> str:
    return str(bundle["metadata"]["name"])


def _begun(pod: Mapping[str, Any]) -> List[str]:
    """Its containers that have a log, in the order in which they run."""
    status: Dict[str, Any] = pod.get("status") or {}
    found = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return [each["name"] for each in found if {"running", "terminated"} & set(each.get("state") or {})]
