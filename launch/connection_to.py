"""Which place a client means: a cluster, or with "local" this machine."""

from __future__ import annotations

import os
from typing import Optional

from launch.cluster.connection import Connection
from launch.errors import NotSupportedError


def connection_to(
    api_key: Optional[str] = None,
    endpoint: Optional[str] = None,
    namespace: Optional[str] = None,
    context: Optional[str] = None,
) -> Connection:
    """A Connection to `endpoint`, else to LAUNCH_ENDPOINT, else to the kubeconfig's cluster.

    A token or a kubeconfig's context, given here, means a cluster whatever LAUNCH_ENDPOINT says.
    """
    if endpoint is None and context is None and not api_key:
        endpoint = os.environ.get("LAUNCH_ENDPOINT") or None
    if endpoint != "local":
        return Connection(api_key, endpoint, namespace, context)
    if context is not None:
        raise NotSupportedError('context: endpoint="local" is this machine, which no kubeconfig knows')
    from launch.local.connection import LocalConnection  # of a cluster's client nothing of it is needed

    return LocalConnection(namespace)
