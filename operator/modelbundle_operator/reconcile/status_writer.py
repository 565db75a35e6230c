"""Reporting a status, of either kind: compare, write to the version that was judged, announce what changed.

What containers and other programs said stands in a status, and some text is valid to them and not to the API server. A
status that is refused for its text would leave the object with an outdated one, so it is written without that text.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.status_fields import CommonStatusFields
from modelbundle_operator.judge.status import worth_writing
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.events import announce
from modelbundle_operator.reconcile.overwritten import Overwritten

log = logging.getLogger(__name__)

# what holds words that were not made here; the rest of a status is names, numbers and digests
_FOREIGN = ("lastFailure", "imageID", "requirements", "layer", "startup")


@dataclass(frozen=True)
class StatusWriter:
    """Writes statuses; `on_written` hears the key of each object whose status has changed."""

    cluster: Cluster
    cache: ObjectCache
    on_written: Callable[[Key], None] = lambda key: None
    overwritten: Overwritten = field(default_factory=Overwritten)

    async def report(self, body: Body, status: CommonStatusFields, now: datetime) -> None:
        """Write the status of the object `body` and its Events, where it says anything new. Transient where another
        program changes it again and again, and it is not the time to answer that."""
        before: CommonStatusFields = body.get("status") or {}
        if not worth_writing(before, status):
            return
        self.overwritten.refuse_too_soon(body, now)
        await self.write(body, status, now)
        await announce(self.cluster, body, before, status, now)

    async def write(self, body: Body, status: CommonStatusFields, now: datetime) -> Body:
        """The object as it is then. Transient when it has changed since it was judged."""
        metadata = body["metadata"]
        # the version that was judged: this state is written neither to an edited object nor to a successor of its name.
        # The uid alone would not do: on a custom resource's status the API server does not look at it.
        only = {name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion")}
        object_of = {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": only}
        sent: Body = {**status}
        try:
            written = await self.cluster.apply_status({**object_of, "status": sent})
        except Refused as error:
            log.warning("%s %s/%s: %s", body["kind"], only["namespace"], only["name"], error)
            sent = without_foreign_words(status)
            written = await self.cluster.apply_status({**object_of, "status": sent})
        self.cache.record(written)
        self.overwritten.written(body, sent, written, now)
        # where others have added to a status ours never equals it, and what changes nothing is to wake nobody
        if written["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
            self.on_written(Key(metadata["namespace"], metadata["name"], body["kind"]))
        return written


def without_foreign_words(status: CommonStatusFields) -> dict[str, Any]:
    """The same state in the operator's own words alone."""
    conditions = [
        {
            **each,
            "message": f"{each['reason']}. The API server refuses the rest of this text; the operator's log has it.",
        }
        for each in status.get("conditions") or []
    ]
    return {**{name: value for name, value in status.items() if name not in _FOREIGN}, "conditions": conditions}
