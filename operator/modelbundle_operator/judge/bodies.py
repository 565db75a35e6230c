"""Pods and Deployments as the API server writes them, read into what is looked at (observation.py).

The server is a native sidecar, so Kubernetes lists it among the init containers and shows its crash as `Init:Error`
while the model runs on. Here all containers of a pod are one table, by name. A worker is ready once the bundle is
loaded: in templates with a startup probe Kubernetes says so of its container, in others of the server's.
"""

from dataclasses import replace

from bundle_runtime.contract.document_loader import DIGEST_VARIABLE
from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, FIRST_IDLE_SECONDS, IDLE_OPTION, idle_seconds_of
from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import LABEL_BUNDLE, LABEL_DIGEST
from modelbundle_operator.api.times import parse_time
from modelbundle_operator.judge.jobs import job_of
from modelbundle_operator.judge.observation import SERVER, WORKER, Container, Ended, Pod, Rollout

# of sha256:<hex>; a user who may create pods may write more into the variable
_LONGEST_DIGEST = 71
# Kubernetes puts it on the pods of a Deployment
_TEMPLATE = "pod-template-hash"


def observe_rollout(deployment: Body | None) -> Rollout:
    """The Deployment's own words. What it says is about its first spec from the beginning, and about a later one only
    once it has observed that."""
    if deployment is None:
        return Rollout()
    status = deployment.get("status") or {}
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}
    failure = _condition(deployment, "ReplicaFailure")
    generation = deployment["metadata"].get("generation", 0)
    return Rollout(
        observed=generation == 1 or status.get("observedGeneration", 0) >= generation,
        updated=status.get("updatedReplicas", 0),
        refused=failure.get("message", "") if failure.get("status") == "True" else "",
        takes_down_first=rolling.get("maxSurge") == 0,
        created=parse_time(deployment["metadata"].get("creationTimestamp")),
        first=generation == 1,
    )


def observe_pod(body: Body) -> Pod:
    """What of a pod's body anybody here looks at."""
    metadata, status = body["metadata"], body.get("status") or {}
    scheduled, ready = _condition(body, "PodScheduled"), _condition(body, "Ready")
    is_ready, is_scheduled = ready.get("status") == "True", scheduled.get("status") == "True"
    unschedulable = scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable"
    spec, labels = body.get("spec") or {}, metadata.get("labels") or {}
    stays = not metadata.get("deletionTimestamp") and status.get("phase") not in ("Succeeded", "Failed")
    containers = [*spec.get("initContainers", []), *spec.get("containers", [])]
    limits = {
        container["name"]: (container.get("resources", {}).get("limits") or {}).get("memory", "")
        for container in containers
    }
    variables = [variable for container in containers for variable in container.get("env") or []]
    digests = (variable.get("value") for variable in variables if variable["name"] == DIGEST_VARIABLE)
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    found = {state["name"]: _container(state, limits.get(state["name"], "")) for state in states}
    if WORKER in found and not any(each["name"] == WORKER and "startupProbe" in each for each in containers):
        loaded = found[WORKER].ready and SERVER in found and found[SERVER].ready
        found[WORKER] = replace(found[WORKER], ready=loaded)
    return Pod(
        name=metadata["name"],
        bundle=labels.get(LABEL_BUNDLE, ""),
        label=labels.get(LABEL_DIGEST, ""),
        counts=stays and _of_deployment(metadata, labels),
        job="" if metadata.get("deletionTimestamp") else job_of(metadata),
        digest=(next(digests, None) or labels.get(LABEL_DIGEST, ""))[:_LONGEST_DIGEST],
        template=labels.get(_TEMPLATE, ""),
        created=parse_time(metadata.get("creationTimestamp")),
        scheduled_at=parse_time(scheduled.get("lastTransitionTime")) if is_scheduled else None,
        ready=is_ready,
        ready_since=parse_time(ready.get("lastTransitionTime")) if is_ready else None,
        ready_changed=parse_time(ready.get("lastTransitionTime")),
        unschedulable=scheduled.get("message", "") if unschedulable else "",
        unschedulable_since=parse_time(scheduled.get("lastTransitionTime")) if unschedulable else None,
        evicted=status.get("message", "") if status.get("reason") == "Evicted" else "",
        lost_node=_lost_node(body, spec),
        gated=scheduled.get("status") == "False" and scheduled.get("reason") == "SchedulingGated",
        awaits="" if scheduled or spec.get("nodeName") else str(spec.get("schedulerName") or ""),
        idle_seconds=_idle_seconds(containers),
        containers=found,
    )


def _lost_node(body: Body, spec: Body) -> str:
    """The kubelet says both of a pod in one, so that a pod is unready whose containers are ready only where Kubernetes
    has said so in the place of a kubelet that is silent; or by a gate that somebody else set."""
    said = [_condition(body, name).get("status") for name in ("Ready", "ContainersReady")]
    return str(spec.get("nodeName") or "") if said == ["False", "True"] and not spec.get("readinessGates") else ""


def _of_deployment(metadata: Body, labels: Body) -> bool:
    """Whether a ReplicaSet of the bundle's Deployment controls it: labels may be put on any pod, and so may be ours.

    Kubernetes names a ReplicaSet after its Deployment and the hash that its pods carry; a pod of an owner that does not
    exist is deleted, and one that is too many for an owner that does.
    """
    name = f"{labels.get(LABEL_BUNDLE)}-{labels.get(_TEMPLATE)}"
    return any(
        owner.get("controller") and (owner.get("kind"), owner.get("name")) == ("ReplicaSet", name)
        for owner in metadata.get("ownerReferences") or []
    )


def _idle_seconds(containers: list[Body]) -> int:
    """As its server's command has it, whatever the bundle says by now."""
    for container in containers:
        command = container.get("command") or []
        if container["name"] == "server" and IDLE_OPTION in command[:-1]:
            return idle_seconds_of(command[command.index(IDLE_OPTION) + 1]) or DEFAULT_IDLE_SECONDS
    return FIRST_IDLE_SECONDS


def _container(status: Body, memory_limit: str) -> Container:
    state, last = status.get("state") or {}, status.get("lastState") or {}
    waiting, running = state.get("waiting") or {}, state.get("running") or {}
    return Container(
        name=status["name"],
        ready=bool(status.get("ready")),
        restarts=status.get("restartCount", 0),
        waiting=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        running_since=parse_time(running.get("startedAt")),
        ended=_ended(state.get("terminated")),
        last=_ended(last.get("terminated")),
        image=status.get("image", ""),
        image_id=status.get("imageID", ""),
        memory_limit=memory_limit,
    )


def _ended(state: Body | None) -> Ended | None:
    if not state:
        return None
    return Ended(
        exit_code=state.get("exitCode", 0),
        reason=state.get("reason", ""),
        message=state.get("message", ""),
        started=parse_time(state.get("startedAt")),
        finished=parse_time(state.get("finishedAt")),
    )


def _condition(body: Body, name: str) -> Body:
    conditions: list[Body] = (body.get("status") or {}).get("conditions") or []
    return next((condition for condition in conditions if condition.get("type") == name), {})
