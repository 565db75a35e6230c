"""What is known about a bundle when it is judged: facts only, read from bodies as the API server writes them.

The server is a native sidecar, so Kubernetes lists it among the init containers and shows its crash as `Init:Error`
while the model runs on. Here all containers of a pod are one table, by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bundle_runtime.contract.document_loader import DIGEST_VARIABLE
from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, FIRST_IDLE_SECONDS, IDLE_OPTION
from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import LABEL_BUNDLE, LABEL_DIGEST, ModelBundle, Status
from modelbundle_operator.api.status import Retry
from modelbundle_operator.api.times import parse_time, seconds_between
from modelbundle_operator.bundle.naming import short_digest
from modelbundle_operator.judge.jobs import Precheck, job_of
from modelbundle_operator.judge.reports import Report, parse

# of sha256:<hex>; a user who may create pods may write more into the variable
_LONGEST_DIGEST = 71
# Kubernetes puts it on the pods of a Deployment
_TEMPLATE = "pod-template-hash"
PREPARE, INSTALL, SERVER, WORKER = "prepare", "install", "server", "worker"


@dataclass(frozen=True, slots=True)
class Ended:
    """One run of a container that is over."""

    exit_code: int
    reason: str = ""
    message: str = ""
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return seconds_between(self.started, self.finished) or 0.0

    @property
    def report(self) -> Report | None:
        """What the container said as it ended, when that is a report."""
        return parse(self.message)


@dataclass(frozen=True, slots=True)
class Container:
    """One container's state: waiting, running or ended; `last` is the run before."""

    name: str
    ready: bool = False
    restarts: int = 0
    waiting: str = ""
    waiting_message: str = ""
    running_since: datetime | None = None
    ended: Ended | None = None
    last: Ended | None = None
    image: str = ""
    image_id: str = ""
    memory_limit: str = ""

    @property
    def completed(self) -> Ended | None:
        """The run that ended well, if the newest did."""
        return self.ended if self.ended is not None and self.ended.exit_code == 0 else None

    @property
    def newest_end(self) -> Ended | None:
        """The newest run that is over."""
        return self.ended or self.last


@dataclass(frozen=True, slots=True)
class Pod:
    """What is read of one pod."""

    name: str
    bundle: str = ""  # whose it is
    label: str = ""  # the digest's short form, by which Services find it
    counts: bool = True  # it is of the bundle's Deployment, and neither leaving nor over
    digest: str = ""  # what it was made to serve
    template: str = ""
    created: datetime | None = None
    scheduled_at: datetime | None = None
    ready: bool = False
    ready_since: datetime | None = None
    ready_changed: datetime | None = None
    unschedulable: str = ""
    unschedulable_since: datetime | None = None
    evicted: str = ""  # why the kubelet has taken it down
    gated: bool = False  # another program, such as Kueue, keeps the scheduler from looking at it
    idle_seconds: int = FIRST_IDLE_SECONDS  # for which its server keeps a connection without a request
    job: str = ""  # the uid of the Job that made it to try the bundle without a GPU; empty once it leaves
    containers: dict[str, Container] = field(default_factory=dict)


@dataclass(frozen=True)
class Rollout:
    """What the Deployment says of itself."""

    observed: bool = False
    updated: int = 0
    refused: str = ""
    takes_down_first: bool = False


@dataclass(frozen=True)
class RunningPods:
    """The pods that run under a bundle's name: known, and serving, also when its spec cannot be reconciled."""

    url: str = ""
    pods: tuple[Pod, ...] = ()
    reached: bool = True  # a Service leads to them

    @property
    def serving(self) -> tuple[Pod, ...]:
        """Pods that answer at the URL. Those of an older template count: the bundle in them is the same."""
        return tuple(pod for pod in self.pods if pod.ready and self.reached)


@dataclass(frozen=True, kw_only=True)
class Observation(RunningPods):
    """All that judge() may look at, of a bundle whose children are in place."""

    bundle: ModelBundle
    has_requirements: bool
    now: datetime
    artifact_secret: str = ""
    no_capacity_seconds: float = 60.0
    rollout: Rollout = field(default_factory=Rollout)
    contended: str = ""  # in words, who changes a child again and again
    retry: Retry | None = None  # what is decided about pods that cannot start
    evicted: tuple[Pod, ...] = ()
    precheck: Precheck | None = None  # it is tried first: the pods are those of its Job
    checked: str = ""  # the hash of what has passed
    check_seconds: float | None = None  # how long that took, when it has just passed

    @property
    def wanted(self) -> int:
        """Pods asked for."""
        return self.bundle.spec.serving.replicas

    @property
    def previous(self) -> Status:
        """What was said last time."""
        return self.bundle.status

    @property
    def newest(self) -> tuple[Pod, ...]:
        """Pods of the newest template: the Deployment names no hash, so the youngest pod does."""
        if not self.pods:
            return ()
        youngest = max(self.pods, key=lambda pod: (pod.created or _BEGINNING, pod.name))
        return tuple(pod for pod in self.pods if pod.template == youngest.template)

    @property
    def first_ready(self) -> Pod | None:
        """The pod that answered first, of those that answer."""
        return min(self.serving, key=lambda pod: (pod.ready_since or self.now, pod.name), default=None)

    @property
    def complete(self) -> bool:
        """Whether every pod is of the newest template and ready."""
        newest = self.newest
        return (
            self.rollout.observed
            and self.rollout.updated == self.wanted
            and len(self.pods) == len(newest) == self.wanted
            and all(pod.ready for pod in newest)
        )


def that_count(pods: Iterable[Pod], digest: str | None = None) -> tuple[Pod, ...]:
    """The pods that count, of this digest where one is given. Pods of a namesake that was deleted carry another one."""
    label = None if digest is None else short_digest(digest)
    return tuple(pod for pod in pods if pod.counts and label in (None, pod.label))


def that_were_evicted(pods: Iterable[Pod], digest: str) -> tuple[Pod, ...]:
    """The pods of this digest that the kubelet has taken down; Kubernetes keeps them for a while."""
    label = short_digest(digest)
    return tuple(pod for pod in pods if pod.evicted and pod.label == label)


def observe_rollout(deployment: Body | None) -> Rollout:
    """The Deployment's own words."""
    if deployment is None:
        return Rollout()
    status = deployment.get("status") or {}
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}
    failure = _condition(deployment, "ReplicaFailure")
    return Rollout(
        observed=status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0),
        updated=status.get("updatedReplicas", 0),
        refused=failure.get("message", "") if failure.get("status") == "True" else "",
        takes_down_first=rolling.get("maxSurge") == 0,
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
        gated=scheduled.get("status") == "False" and scheduled.get("reason") == "SchedulingGated",
        idle_seconds=_idle_seconds(containers),
        containers={state["name"]: _container(state, limits.get(state["name"], "")) for state in states},
    )


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
            text = command[command.index(IDLE_OPTION) + 1]
            return int(text) if text.isdecimal() else DEFAULT_IDLE_SECONDS
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


_BEGINNING = datetime.min.replace(tzinfo=UTC)
