"""Judging an endpoint: which pods answer behind its Service, what is awaited, and what the status says of both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelbundle_operator.api.names import ConditionType, Reason
from modelbundle_operator.api.status_fields import EndpointStatusFields
from modelbundle_operator.api.verdict import Truth, Verdict
from modelbundle_operator.bundle.naming import short_digest
from modelbundle_operator.endpoint.route import BundleState, Route
from modelbundle_operator.errors import Terminal
from modelbundle_operator.judge.checks import first
from modelbundle_operator.judge.judgement import Judgement
from modelbundle_operator.judge.observation import Pod


@dataclass(frozen=True)
class Backends:
    """The pods that answer behind the Service. They outlive the status of their bundle, and the bundle."""

    digest: str  # whole; empty when no pod answers
    pods: int
    bundle: BundleState  # of the name that the selector has

    @property
    def are_of_that_bundle(self) -> bool:
        """Whether the bundle of that name still says that this is what it runs."""
        return self.bundle.digest == self.digest


@dataclass(frozen=True)
class EndpointEvidence:
    """All that an endpoint is judged by. `moving`: the former bundle may still answer on connections kept open."""

    route: Route
    wanted: BundleState
    backends: Backends
    url: str
    moving: bool
    contended: str = ""  # in words, who changes the Service again and again

    @property
    def awaited(self) -> str:
        """What the wanted bundle lacks, in words that no full stop ends."""
        return f"ModelBundle {self.wanted.name} {self.wanted.words}"

    @property
    def missing(self) -> Reason:
        """Why the wanted bundle does not answer."""
        return Reason.BUNDLE_NOT_READY if self.wanted.exists else Reason.BUNDLE_NOT_FOUND


EndpointCheck = Callable[[EndpointEvidence], Verdict | None]


def observe_backends(route: Route, bundle: BundleState, pods: Sequence[Pod]) -> Backends:
    """`pods` are those of the bundle's name that count."""
    answering = [pod for pod in pods if pod.ready and route.digest == short_digest(pod.digest)]
    return Backends(answering[0].digest if answering else "", len(answering), bundle)


def judge_endpoint(known: EndpointEvidence) -> Judgement:
    """The conditions: whether pods answer, which, and what is awaited."""
    ready, kstatus = first(READY, known), _reconciling_or_stalled(known)
    return Judgement((ready, *kstatus))


def endpoint_blocked(reason: str, message: str) -> Judgement:
    """The conditions of an endpoint whose Service cannot be written."""
    return Judgement((_ready("False", reason, message), Verdict(ConditionType.RECONCILING, "True", reason, message)))


def endpoint_unreadable(error: Terminal) -> Judgement:
    """The conditions of an endpoint that a CRD of another version let through."""
    verdict = Verdict(ConditionType.STALLED, "True", error.reason, error.message)
    return Judgement((_ready("False", error.reason, error.message), verdict))


def status_fields(known: EndpointEvidence) -> EndpointStatusFields:
    """The status without its conditions: which bundle answers, and only when no other does."""
    route, backends = known.route, known.backends
    status: EndpointStatusFields = {"endpoint": {"url": known.url}}
    if known.moving:
        status["moving"] = {"from": route.moved_from, "to": route.bundle}
        if route.until:
            status["moving"]["until"] = route.until
    elif backends.pods:
        status["digest"] = backends.digest
        if backends.are_of_that_bundle:
            status["bundle"] = route.bundle
    return status


# Ready


def is_moving(known: EndpointEvidence) -> Verdict | None:
    """The new bundle answers, and the former one may on connections that are kept open."""
    if not (known.backends.pods and known.moving):
        return None
    route = known.route
    text = f"The endpoint moves from ModelBundle {route.moved_from} to {route.bundle}, which answers new connections to"
    return _ready("True", Reason.MOVING, f"{text} {known.url}. {_drain_words(route)}")


def pods_answer(known: EndpointEvidence) -> Verdict | None:
    """Pods answer, of the bundle that the selector names or of what it was before."""
    route, backends = known.route, known.backends
    if not backends.pods:
        return None
    if backends.are_of_that_bundle:
        return _ready("True", Reason.SERVING, f"ModelBundle {route.bundle} answers at {known.url}/predict.")
    pods = "1 pod answers" if backends.pods == 1 else f"{backends.pods} pods answer"
    text = f"{pods} at {known.url}/predict with {backends.digest}, which ModelBundle {route.bundle} was before"
    return _ready("True", Reason.SERVING, f"{text}. Now it {backends.bundle.words}.")


def nothing_answers(known: EndpointEvidence) -> Verdict:
    """No pod of the route is ready."""
    text = f"Nothing answers: {known.awaited}. The endpoint continues automatically once it is Ready."
    return _ready("False", known.missing, text)


READY: tuple[EndpointCheck, ...] = (is_moving, pods_answer, nothing_answers)


def _reconciling_or_stalled(known: EndpointEvidence) -> tuple[Verdict, ...]:
    """Neither once the wanted bundle answers alone (kstatus)."""
    if known.contended:
        return (Verdict(ConditionType.RECONCILING, "True", Reason.CONTENDED, known.contended),)
    if known.route.leads_to(known.wanted) and known.backends.pods:
        if moving := is_moving(known):
            return (Verdict(ConditionType.RECONCILING, "True", moving.reason, moving.message),)
        return ()
    if known.wanted.stalled:
        text = f"{known.awaited}. It stays so: name another bundle in spec.bundle, or fix this one."
        return (Verdict(ConditionType.STALLED, "True", known.missing, text),)
    text = f"{known.awaited}. The endpoint moves once it is Ready."
    return (Verdict(ConditionType.RECONCILING, "True", known.missing, text),)


def _drain_words(route: Route) -> str:
    if not route.until:
        text = f"Keep {route.moved_from}: Kubernetes has not turned all connections over yet"
        return f"{text}; {route.drain_seconds:.0f} s after it has, those that clients keep open have ended."
    return f"Keep {route.moved_from} until {route.until}: {_until_words(route)}"


def _until_words(route: Route) -> str:
    text = f"it answers connections that clients keep open for up to {route.drain_seconds:.0f} s"
    if route.idle_seconds is None:
        return f"{text}."
    return f"{text}, as its serving.idleSeconds is {route.idle_seconds}."


def _ready(status: Truth, reason: str, message: str) -> Verdict:
    return Verdict(ConditionType.READY, status, reason, message)
