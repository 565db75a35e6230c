"""Whether an object whose children are missing is still there itself.

A watch can lose the event that an object was deleted. Kubernetes then takes its children away, one by one; made again
they would be taken away again, until the next resync. So before a child is made of an object that had its children
already, the object itself is asked for.
"""

from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.loop.key import Key


async def refuse_deleted(cluster: Cluster, cache: ObjectCache, key: Key, uid: str) -> None:
    """Raise Transient unless the object of this uid is there to stay; the cache then says so too."""
    found = await cluster.get(key.kind, *key.place)
    if found is not None and found["metadata"]["uid"] == uid and not found["metadata"].get("deletionTimestamp"):
        return
    if (known := cache.get(key.kind, key)) is not None and known["metadata"]["uid"] == uid:
        cache.observe(key.kind, "DELETED", known)
    if found is not None:
        cache.record(found)
    raise Transient(f"{key.kind} {key.name} of uid {uid} was deleted; the watch has not said so")
