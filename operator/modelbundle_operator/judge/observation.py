"""What is known about a bundle when it is judged: facts only (bodies.py reads them)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bundle_spec.connection_age import FIRST_IDLE_SECONDS
from modelbundle_operator.api.names import ModelBundle, Status
from modelbundle_operator.api.status import Layer, Retry
from modelbundle_operator.api.times import seconds_between
from modelbundle_operator.bundle.naming import short_digest
from modelbundle_operator.judge.jobs import Precheck
from modelbundle_operator.judge.reports import Report, parse

PREPARE, INSTALL, SERVER, WORKER = "prepare", "install", "server", "worker"
STORE = "store"  # of the Job that tries a bundle: it packs and uploads what install put in place


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
    lost_node: str = ""  # its node, where that does not answer any more
    gated: bool = False  # another program, such as Kueue, keeps the scheduler from looking at it
    awaits: str = ""  # the scheduler that is to find its node, where none has said a word of it
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
    created: datetime | None = None
    first: bool = False  # its spec is as it was created: all of its pods are of one template


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
    layer: Layer | None = None  # of its requirements, or why there is none
    built: Layer | None = None  # the same, where its own Job has just told
    no_layer: str = ""  # in words, why there can be none
    image: str = ""  # of the worker, as the Deployment asks for it; empty where there is none

    @property
    def wanted(self) -> int:
        """Pods asked for."""
        return self.bundle.spec.serving.replicas

    @property
    def previous(self) -> Status:
        """What was said last time."""
        return self.bundle.status

    @property
    def tried(self) -> tuple[Pod, ...]:
        """Pods of the Job that tries it first."""
        return tuple(pod for pod in (*self.pods, *self.evicted) if pod.job)

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
            (self._begun_with_these or (self.rollout.observed and self.rollout.updated == self.wanted))
            and len(self.pods) == len(newest) == self.wanted
            and all(pod.ready for pod in newest)
        )

    @property
    def _begun_with_these(self) -> bool:
        """Whether every pod is of the Deployment as it was created, whose own count of them comes later than they do;
        not where a Deployment of this name was deleted, and its pods are not gone yet."""
        made = self.rollout.created if self.rollout.first else None
        return made is not None and all(pod.created is not None and pod.created >= made for pod in self.pods)


def that_count(pods: Iterable[Pod], digest: str | None = None) -> tuple[Pod, ...]:
    """The pods that count, of this digest where one is given. Pods of a namesake that was deleted carry another one."""
    label = None if digest is None else short_digest(digest)
    return tuple(pod for pod in pods if pod.counts and label in (None, pod.label))


def that_were_evicted(pods: Iterable[Pod], digest: str) -> tuple[Pod, ...]:
    """The pods of this digest that the kubelet has taken down; Kubernetes keeps them for a while."""
    label = short_digest(digest)
    return tuple(pod for pod in pods if pod.evicted and pod.label == label)


_BEGINNING = datetime.min.replace(tzinfo=UTC)
