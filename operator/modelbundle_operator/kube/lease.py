"""The Lease in the API (coordination.k8s.io/v1), as the loop wants it: one object of a fixed name.

The name is fixed, so that two operators in one namespace exclude each other, whatever their Deployments are called.
"""

from datetime import UTC, datetime

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import FIELD_MANAGER
from modelbundle_operator.api.times import timestamp_micros
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.kinds import KINDS, LEASE_KIND
from modelbundle_operator.loop.lease import LEASE_SECONDS, Lease

LEASE_NAME = FIELD_MANAGER
# what the field can hold: more is refused, and whoever may write a Lease may have written the most
_MOST_TRANSITIONS = 2**31 - 1


class LeaseStore:
    """Reads and writes it; each write is to the version that was read."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.where = f"{namespace}/{LEASE_NAME}"
        self._cluster = cluster
        self._namespace = namespace
        self._metadata: Body = {}

    async def read(self) -> Lease | None:
        """As it stands; None when there is none."""
        body = await self._cluster.get(LEASE_KIND, self._namespace, LEASE_NAME)
        return None if body is None else self._known(body)

    async def create(self, holder: str) -> Lease:
        """The first one. Conflict when there is one."""
        self._metadata = {"name": LEASE_NAME, "namespace": self._namespace}
        now = _now()
        return self._known(await self._cluster.create(self._body(holder, now, now, 0)))

    async def renew(self, lease: Lease) -> Lease:
        """Its holder still has it."""
        return await self._replace(lease, self._body(lease.holder, lease.acquired, _now(), lease.transitions))

    async def take(self, lease: Lease, holder: str) -> Lease:
        """Another one has it."""
        now = _now()
        transitions = min(lease.transitions + (holder != lease.holder), _MOST_TRANSITIONS)
        return await self._replace(lease, self._body(holder, now, now, transitions))

    async def release(self, lease: Lease) -> None:
        """Nobody has it."""
        await self._replace(lease, self._body("", lease.acquired, _now(), lease.transitions))

    async def _replace(self, lease: Lease, body: Body) -> Lease:
        metadata = {**body["metadata"], "resourceVersion": lease.version}
        return self._known(await self._cluster.replace({**body, "metadata": metadata}))

    def _body(self, holder: str, acquired: str, renewed: str, transitions: int) -> Body:
        times = {"acquireTime": acquired, "renewTime": renewed} if acquired else {"renewTime": renewed}
        return {
            "apiVersion": KINDS[LEASE_KIND].api_version,
            "kind": LEASE_KIND,
            # with the labels and annotations that others have given it
            "metadata": self._metadata,
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": LEASE_SECONDS,
                **times,
                "leaseTransitions": transitions,
            },
        }

    def _known(self, body: Body) -> Lease:
        self._metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
        spec = body.get("spec") or {}
        return Lease(
            holder=spec.get("holderIdentity") or "",
            seconds=spec.get("leaseDurationSeconds") or LEASE_SECONDS,
            acquired=spec.get("acquireTime") or "",
            renewed=spec.get("renewTime") or "",
            transitions=spec.get("leaseTransitions") or 0,
            version=body["metadata"]["resourceVersion"],
        )


def _now() -> str:
    return timestamp_micros(datetime.now(UTC))
