"""One look at one ModelEndpoint: where its Service points, whether it may move, and what there is to say.

It lives on what is known of bundles: woken by their events and by their status, it asks the API server only for its own
Service's name and, during a move, for what Kubernetes has made of the selector.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.endpoint import ENDPOINT_KIND, ModelEndpoint, parse_endpoint
from modelbundle_operator.api.names import Reason
from modelbundle_operator.bundle.naming import endpoint_url
from modelbundle_operator.endpoint.route import (
    BundleState,
    Route,
    bundle_state,
    current_route,
    endpoint_blocked,
    endpoint_unreadable,
    judge_endpoint,
    next_route,
    observe_backends,
    requeue_after,
    service,
    slices_followed,
    status_fields,
    with_drain_deadline,
)
from modelbundle_operator.errors import Terminal, Transient
from modelbundle_operator.judge.observation import that_count
from modelbundle_operator.judge.readiness import Judgement
from modelbundle_operator.judge.status import conditions
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.loop.controller import DONE, Outcome
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.bundle import CONFLICT_SECONDS, utc_now
from modelbundle_operator.reconcile.children import NameTaken, converge, refuse_foreign
from modelbundle_operator.reconcile.events import announce
from modelbundle_operator.reconcile.status_writer import write_status


@dataclass(frozen=True)
class EndpointReconciler:
    """What a look at an endpoint needs of the world."""

    cluster: Cluster
    cache: ObjectCache
    now: Callable[[], datetime] = utc_now

    async def __call__(self, key: Key) -> Outcome:
        """Bring one endpoint a step closer to the bundle that it is to stand for."""
        body = self.cache.get(ENDPOINT_KIND, key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return DONE  # the Service goes by its ownerReference
        try:
            endpoint = parse_endpoint(body)
        except Terminal as error:
            await self._report(body, endpoint_unreadable(error), {})
            return DONE
        waits_on = frozenset({key.bundle(endpoint.spec.bundle)})
        try:
            live = self.cache.get("Service", key) or await self.cluster.get("Service", *key.place)
            refuse_foreign(ENDPOINT_KIND, endpoint.metadata, {"Service": live})
            route = await self._route_service(key, endpoint, live)
        except NameTaken as error:
            await self._report(body, endpoint_blocked(Reason.NAME_CONFLICT, str(error)), {})
            return Outcome(requeue_after=CONFLICT_SECONDS, waits_on=waits_on)
        except Refused as error:
            text = f"The API server refuses the endpoint's Service: {error.message}"
            await self._report(body, endpoint_blocked(Reason.APPLY_REFUSED, text), {})
            raise Transient(error.message) from None
        url, left = endpoint_url(endpoint), requeue_after(route, self.now())
        wanted, current = self._bundle_state(key, endpoint.spec.bundle), self._bundle_state(key, route.bundle)
        backends = observe_backends(route, current, that_count(self.cache.pods(key.bundle(route.bundle))))
        judgement = judge_endpoint(route, wanted, backends, url, moving=left is not None)
        await self._report(body, judgement, status_fields(route, backends, url, moving=left is not None))
        return Outcome(requeue_after=left, waits_on=waits_on | {key.bundle(route.bundle)})

    async def report_internal_error(self, key: Key, text: str) -> None:
        """Say on the endpoint that the operator failed at it."""
        body = self.cache.get(ENDPOINT_KIND, key)
        if body is not None:
            await self._report(body, endpoint_blocked(Reason.INTERNAL_ERROR, text), {})

    async def _route_service(self, key: Key, endpoint: ModelEndpoint, live: Body | None) -> Route:
        """The Service as it should be, and where it points then."""
        before = current_route(live)
        route = next_route(before, self._bundle_state(key, endpoint.spec.bundle), self.now())
        live = await converge(self.cluster, self.cache, live, service(endpoint, route))
        if route.moved_at and not route.until:
            slices = [
                each
                for each in (await self.cluster.list("EndpointSlice", key.namespace))[0]
                if each["metadata"].get("labels", {}).get("kubernetes.io/service-name") == key.name
            ]
            if slices_followed(route, slices, self.cache.pods(key.bundle(route.bundle))):
                route = with_drain_deadline(route, self.now())
                await converge(self.cluster, self.cache, live, service(endpoint, route))
        return route

    def _bundle_state(self, key: Key, name: str) -> BundleState:
        """A bundle as it stands by the watch: its own word, and pods of its digest that are ready."""
        of = key.bundle(name)
        body = self.cache.get("ModelBundle", of)
        digest = ((body or {}).get("status") or {}).get("digest") or ""
        answering = sum(pod.ready for pod in that_count(self.cache.pods(of), digest)) if digest else 0
        return bundle_state(name, body, answering)

    async def _report(self, body: Body, judgement: Judgement, more: Body) -> None:
        metadata, before = body["metadata"], body.get("status") or {}
        now = self.now()
        status = {
            "observedGeneration": metadata["generation"],
            "conditions": conditions(before, judgement.conditions, metadata["generation"], now),
            **more,
        }
        if status == before:
            return
        await write_status(self.cluster, self.cache, body, status)
        await announce(self.cluster, body, before, status, now)
