"""What the operator asks of an API server: the port between reconcile and kube/client.py, or a cluster in memory."""

from collections.abc import Callable
from typing import Any, Protocol

from modelbundle_operator.api.base import Body

# what is kept of a listed object, None for nothing
Keep = Callable[[Body], Any]
# whether a listed object is to be read in full, by its metadata
Needs = Callable[[Body], bool]
Label = tuple[str, str]


def keep_whole(body: Body) -> Body | None:
    """Keep a listed object as it is."""
    return body


class Cluster(Protocol):
    """Objects by kind, namespace and name. Each call raises Transient when trying again may help, else Refused.

    A write that names an object's uid and resourceVersion takes place on that version alone, else it is a Conflict.
    """

    async def get(self, kind: str, namespace: str | None, name: str) -> Body | None:
        """The object; None when there is none."""

    async def list(
        self,
        kind: str,
        namespace: str | None = None,
        keep: Keep = keep_whole,
        label: Label | None = None,
        needs: Needs | None = None,
    ) -> tuple[list[Any], int]:
        """The operator's objects of this kind, and the resourceVersion of the list.

        `namespace`: None for all. `keep`: what is kept of an object, None for nothing; it is called before the next
        object is read. `label`: only objects that carry it with this value. `needs`: only metadata are listed, it is
        called with them of each object, and what it is true for is read in full, perhaps in a newer version.
        """

    async def create(self, body: Body) -> Body:
        """POST: a new object; Conflict when there is one of that name."""

    async def apply(self, body: Body) -> Body:
        """Server-side apply, by force, of every field in `body`; the object as it is then."""

    async def apply_status(self, body: Body) -> Body:
        """The same for the status; with metadata.resourceVersion only to that version of the object."""

    async def replace(self, body: Body) -> Body:
        """PUT: the object becomes exactly `body`, unless it has changed since `body` was read."""

    async def remove(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """DELETE of this very object, and of what it has made; nothing where it has gone already."""

    async def create_event(self, event: Body) -> None:
        """Write an Event (events.k8s.io/v1)."""
