"""One look at one ModelEndpoint: where its Service leads, whether it may move, and what there is to say.

It lives on what is known of bundles: woken by their events and by their status, it asks the API server only for its own
Service's name and, during a move, for what Kubernetes has made of the selector.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.endpoint import ENDPOINT_KIND, ModelEndpoint, parse_endpoint
from modelbundle_operator.api.names import KIND, Reason
from modelbundle_operator.api.status_fields import EndpointStatusFields
from modelbundle_operator.api.times import soonest
from modelbundle_operator.bundle.naming import endpoint_url
from modelbundle_operator.endpoint.route import (
    BundleState,
    Route,
    bundle_state,
    current_route,
    next_route,
    requeue_after,
    slice_followed,
    with_drain_deadline,
)
from modelbundle_operator.errors import Terminal, Transient
from modelbundle_operator.judge.endpoint import (
    EndpointEvidence,
    endpoint_blocked,
    endpoint_unreadable,
    judge_endpoint,
    observe_backends,
    status_fields,
)
from modelbundle_operator.judge.judgement import Judgement
from modelbundle_operator.judge.observation import that_count
from modelbundle_operator.judge.status import conditions
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.loop.controller import DONE, Outcome
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.children import converge, refuse_foreign
from modelbundle_operator.reconcile.clock import utc_now
from modelbundle_operator.reconcile.disputes import Disputes
from modelbundle_operator.reconcile.hindrance import hindrance
from modelbundle_operator.reconcile.overwritten import Overwritten
from modelbundle_operator.reconcile.owner import refuse_deleted
from modelbundle_operator.reconcile.status_writer import StatusWriter
from modelbundle_operator.render.service import endpoint_service


@dataclass(frozen=True)
class EndpointReconciler:
    """What a look at an endpoint needs of the world."""

    cluster: Cluster
    cache: ObjectCache
    now: Callable[[], datetime] = utc_now
    failures: Callable[[Key], int] = lambda _: 0  # how often in a row a look at it has failed
    disputes: Disputes = field(default_factory=Disputes)
    overwritten: Overwritten = field(default_factory=Overwritten)

    async def __call__(self, key: Key) -> Outcome:
        """Bring one endpoint a step closer to the bundle that it is to stand for."""
        body = self.cache.get(ENDPOINT_KIND, key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            self.disputes.forget(*key.place)
            self.overwritten.forget(key)
            return DONE  # the Service goes by its ownerReference
        try:
            endpoint = parse_endpoint(body)
        except Terminal as error:
            await self._report(body, endpoint_unreadable(error))
            return DONE
        waits_on = frozenset({key.bundle(endpoint.spec.bundle)})
        try:
            live = self.cache.get("Service", key) or await self.cluster.get("Service", *key.place)
            refuse_foreign(ENDPOINT_KIND, endpoint.metadata, {"Service": live})
            if live is None and (body.get("status") or {}).get("conditions"):  # it had one
                await refuse_deleted(self.cluster, self.cache, key, endpoint.metadata.uid)
            route = await self._converge(key, endpoint, live)
        except (Refused, Transient) as error:
            why = hindrance(key, "the endpoint", error, self.failures(key))
            if why.to_be_said:
                await self._report(body, endpoint_blocked(why.reason, why.message))
            raise why.retry from None
        left = requeue_after(route, self.now())
        known = self._evidence(key, endpoint, route, moving=left is not None)
        left = soonest((left, self.disputes.requeue_after(endpoint.metadata, self.now())))
        await self._report(body, judge_endpoint(known), status_fields(known))
        return Outcome(requeue_after=left, waits_on=waits_on | {key.bundle(route.bundle)})

    async def report_internal_error(self, key: Key, text: str) -> None:
        """Say on the endpoint that the operator failed at it."""
        body = self.cache.get(ENDPOINT_KIND, key)
        if body is not None:
            await self._report(body, endpoint_blocked(Reason.INTERNAL_ERROR, text))

    async def _converge(self, key: Key, endpoint: ModelEndpoint, live: Body | None) -> Route:
        """Bring the Service to what it should be; where it leads then."""
        current, state = current_route(live, self.now()), self._bundle_state(key, endpoint.spec.bundle)
        idle = self._idle_seconds(key, current.bundle, current.digest) if current else []
        route = next_route(current, state, self.now(), idle)
        wanted = endpoint_service(endpoint, route)
        live = await converge(self.cluster, self.cache, live, wanted, self.disputes, self.now())
        route = current_route(live, self.now()) or route  # where another client's change is left, it leads there
        if route.moved_at and not route.until:
            its = ("kubernetes.io/service-name", key.name)
            pods = {pod.name for pod in self.cache.pods(key.bundle(route.bundle)) if pod.label == route.digest}
            have_followed = partial(slice_followed, pods=pods)
            followed, _ = await self.cluster.list("EndpointSlice", key.namespace, have_followed, label=its)
            if followed and all(followed):
                route = with_drain_deadline(route, self.now(), self._idle_seconds(key, route.moved_from, not_of=route))
                wanted = endpoint_service(endpoint, route)
                await converge(self.cluster, self.cache, live, wanted, self.disputes, self.now())
        return route

    def _idle_seconds(self, key: Key, bundle: str, digest: str = "", not_of: Route | None = None) -> list[int]:
        """Of a bundle's pods, those that leave too: of this digest, or all but those that a route leads to."""
        pods = self.cache.pods(key.bundle(bundle))
        if not_of is None:
            return [pod.idle_seconds for pod in pods if pod.label == digest]
        return [pod.idle_seconds for pod in pods if (bundle, pod.label) != (not_of.bundle, not_of.digest)]

    def _evidence(self, key: Key, endpoint: ModelEndpoint, route: Route, *, moving: bool) -> EndpointEvidence:
        pods = that_count(self.cache.pods(key.bundle(route.bundle)))
        return EndpointEvidence(
            route=route,
            wanted=self._bundle_state(key, endpoint.spec.bundle),
            backends=observe_backends(route, self._bundle_state(key, route.bundle), pods),
            url=endpoint_url(endpoint),
            moving=moving,
            contended=self.disputes.words(endpoint.metadata, self.now()),
        )

    def _bundle_state(self, key: Key, name: str) -> BundleState:
        """A bundle as it stands by the watch: its own word, and pods of its digest that are ready."""
        of = key.bundle(name)
        body = self.cache.get(KIND, of)
        digest = ((body or {}).get("status") or {}).get("digest") or ""
        ready_pods = sum(pod.ready for pod in that_count(self.cache.pods(of), digest)) if digest else 0
        return bundle_state(name, body, ready_pods)

    async def _report(self, body: Body, judgement: Judgement, more: EndpointStatusFields | None = None) -> None:
        before: EndpointStatusFields = body.get("status") or {}
        generation, now = body["metadata"]["generation"], self.now()
        status: EndpointStatusFields = {
            "observedGeneration": generation,
            "conditions": conditions(before, judgement.conditions, generation, now),
        }
        status.update(more or {})
        await StatusWriter(self.cluster, self.cache, overwritten=self.overwritten).report(body, status, now)
