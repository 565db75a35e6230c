"""kopf as the host: watch streams, login and signals are its part, and it writes nothing.

Only `on.event` handlers, in a registry of our own: any other kind of handler would make kopf put annotations or
finalizers on users' objects (docs/adr/0001-kopf-as-host.md). A handler takes the body into the cache and enqueues
the keys that it is about.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import kopf

from modelbundle_operator.api.endpoint import ENDPOINT_KIND, ENDPOINT_PLURAL
from modelbundle_operator.api.names import GROUP, KIND, LABEL_MANAGED_BY, MANAGED_BY, PLURAL, VERSION
from modelbundle_operator.kube.cache import OWN_KINDS, ObjectCache, keys_for
from modelbundle_operator.kube.watch_session import session
from modelbundle_operator.loop.key import Key

LOGIN_SECONDS = 5.0  # between two logins

Enqueue = Callable[[Key], None]

WATCHED: dict[str, tuple[str, str, str]] = {
    KIND: (GROUP, VERSION, PLURAL),
    ENDPOINT_KIND: (GROUP, VERSION, ENDPOINT_PLURAL),
    "ConfigMap": ("", "v1", "configmaps"),
    "Service": ("", "v1", "services"),
    "Deployment": ("apps", "v1", "deployments"),
    "Pod": ("", "v1", "pods"),
}


def registry(cache: ObjectCache, enqueue: Enqueue, watch_begins: Callable[[], None]) -> kopf.OperatorRegistry:
    """One handler per watched kind, and the login. `watch_begins`: a watch starts anew and tells nothing of before."""
    handlers = kopf.OperatorRegistry()

    last = [time.monotonic() - LOGIN_SECONDS]

    async def log_in(**more: Any) -> kopf.AiohttpSession | None:
        # named, or kopf would follow whichever client library happens to be installed
        info = kopf.login_with_service_account(**more) or kopf.login_with_kubeconfig(**more)
        if info is None:
            return None
        # kopf knows refused credentials by their equality, and a session equals no other: not in a hot loop
        await asyncio.sleep(max(0.0, last[0] + LOGIN_SECONDS - time.monotonic()))
        last[0] = time.monotonic()
        return kopf.AiohttpSession(
            server=info.server,
            default_namespace=info.default_namespace,
            expiration=info.expiration,
            aiohttp_session=session(info.as_http_headers(), info.as_ssl_context(), cache.wants, watch_begins),
        )

    kopf.on.login(id="service-account", registry=handlers, errors=kopf.ErrorsMode.PERMANENT)(log_in)
    for kind, resource in WATCHED.items():
        kopf.on.event(*resource, id=f"on-{kind.lower()}", registry=handlers)(make_handler(kind, cache, enqueue))
    return handlers


def settings(request_seconds: float) -> kopf.OperatorSettings:
    """How kopf is to behave: no peering, no discovery at run time, no events of its own."""
    made = kopf.OperatorSettings()
    made.peering.standalone = True
    made.scanning.disabled = True
    made.posting.enabled = False
    made.queueing.worker_limit = None
    made.networking.request_timeout = request_seconds
    made.watching.server_timeout = 300
    made.watching.reconnect_backoff = 1.0
    made.watching.chunk_size = 1  # of the list only the version is read (watch_session.py)
    for kind, resource in WATCHED.items():
        if kind not in OWN_KINDS:
            # on the server's side, so that losing the label reads as a deletion; the key must be a tuple to match
            made.watching.label_selectors[resource] = f"{LABEL_MANAGED_BY}={MANAGED_BY}"
    return made


def make_handler(kind: str, cache: ObjectCache, enqueue: Enqueue) -> Callable[..., Any]:
    """What kopf calls for each event of the kind."""

    async def on_event(event: kopf.RawEvent, **_: Any) -> None:
        body = dict(event["object"])
        # bundle and endpoint of one name want one Service: what one of them wrote is known to it, but not to the other
        if cache.observe(kind, event["type"], body) or kind == "Service":
            for key in keys_for(kind, body):
                enqueue(key)

    return on_event
