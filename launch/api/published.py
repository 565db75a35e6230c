"""The store that the cluster publishes for a namespace, once the user may trust it; which one it is, is printed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Optional

from launch.stores.accepted_stores import accept, accepted_file, accepted_store
from launch.stores.published_store import CONFIG_MAP, PUBLIC_NAMESPACE, Published, chosen, published_in

if TYPE_CHECKING:
    from launch.cluster.connection import Connection


def published_store(connection: "Connection", accepting: bool) -> Optional[Published]:
    """None where nothing is published. StoreError where it is to be accepted first, which `accepting` does."""
    namespace, server, file = connection.namespace, connection.server, accepted_file(os.environ)
    public = published_in(connection.published_in(PUBLIC_NAMESPACE))
    own = None if namespace == PUBLIC_NAMESPACE else published_in(connection.published_in(namespace))
    if own is not None and own != public and accepting:
        accept(file, server, namespace, own)
    known = accepted_store(file, server, namespace) if own is not None and own != public else None
    store = chosen(namespace, own, public, known)
    if store is not None:
        where = PUBLIC_NAMESPACE if store == public else namespace
        sys.stderr.write(f"artifacts go to {store}, says the ConfigMap {CONFIG_MAP} in namespace {where}\n")
    return store
