"""Writing a status, of either kind: to the version that was judged, and without words that the API server refuses.

What containers and other programs said stands in a status, and some text is valid to them and not to the API server. A
status that is refused for its text would leave the object with yesterday's.
"""

import logging

from modelbundle_operator.api.base import Body
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused

log = logging.getLogger(__name__)


# what holds words that were not made here; the rest of a status is names, numbers and digests
_FOREIGN = ("lastFailure", "imageID", "requirements", "startup")


async def write_status(cluster: Cluster, cache: ObjectCache, body: Body, status: Body) -> Body:
    """The object as it is then. Transient when it has changed since it was judged."""
    # the version that was judged: this state is written neither to an edited object nor to a successor of its name.
    # The uid alone would not do: on a custom resource's status the API server does not look at it.
    only = {name: body["metadata"][name] for name in ("name", "namespace", "resourceVersion")}
    object_of = {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": only}
    try:
        written = await cluster.apply_status({**object_of, "status": status})
    except Refused as error:
        log.warning("%s %s/%s: %s", body["kind"], only["namespace"], only["name"], error)
        written = await cluster.apply_status({**object_of, "status": without_foreign_words(status)})
    cache.record(written)
    return written


def without_foreign_words(status: Body) -> Body:
    """The same truth, in words of ours alone."""
    conditions = [
        {
            **each,
            "message": f"{each['reason']}. The API server refuses the rest of this text; the operator's log has it.",
        }
        for each in status.get("conditions") or []
    ]
    return {**{name: value for name, value in status.items() if name not in _FOREIGN}, "conditions": conditions}
