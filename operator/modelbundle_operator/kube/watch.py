"""kopf as the host: watch streams, login and signals are its part, and it writes nothing.

Only `on.event` handlers, in a registry of our own: any other kind of handler would make kopf put annotations or
finalizers on users' objects (docs/adr/0001-kopf-as-host.md). It watches what has a handler, and none is ever called:
where the stream is read (watch_session.py) an event goes into the cache, and the keys that it is about into the queue.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import kopf

from modelbundle_operator.api.base import Body
from modelbundle_operator.kube.cache import ObjectCache, keys_for
from modelbundle_operator.kube.kept import controller_of
from modelbundle_operator.kube.kinds import ALL_CHILD_KINDS, CACHED_KINDS, JOB_KIND, KINDS
from modelbundle_operator.kube.watch_session import BeginWatch, Take, Wants, session
from modelbundle_operator.loop.key import Key

LOGIN_SECONDS = 5.0  # between two logins

Enqueue = Callable[[Key], None]


def registry(
    cache: ObjectCache,
    enqueue: Enqueue,
    begin_watch: BeginWatch,
    child_deleted: Callable[[str], None] = lambda namespace: None,
) -> kopf.OperatorRegistry:
    """One handler per watched kind, and the login. `begin_watch`: a watch starts, without what was before.

    `child_deleted` is called with the namespace of each child that goes.
    """
    handlers = kopf.OperatorRegistry()
    login = _Login(cache.wants, begin_watch, taker(cache, enqueue, child_deleted))
    kopf.on.login(id="service-account", registry=handlers, errors=kopf.ErrorsMode.PERMANENT)(login.session)
    for kind in CACHED_KINDS:
        kopf.on.event(*_resource(kind), id=f"on-{kind.lower()}", registry=handlers)(_never_called)
    return handlers


def settings(request_seconds: float) -> kopf.OperatorSettings:
    """How kopf is to behave: no peering, no discovery at run time, no events of its own."""
    made = kopf.OperatorSettings()
    made.peering.standalone = True
    made.scanning.disabled = True
    made.posting.enabled = False
    made.networking.request_timeout = request_seconds
    made.networking.error_backoffs = (1.0, 2.0, 4.0, 8.0)  # and again: 21 s are long once the API server is back
    made.watching.server_timeout = 300
    made.watching.reconnect_backoff = 1.0
    made.watching.chunk_size = 1  # of the list only the version is read (watch_session.py)
    for kind in CACHED_KINDS:
        if selector := KINDS[kind].selector:
            # on the server's side, so that losing the label reads as a deletion; the key must be a tuple to match
            made.watching.label_selectors[_resource(kind)] = selector
    return made


def taker(cache: ObjectCache, enqueue: Enqueue, child_deleted: Callable[[str], None] = lambda namespace: None) -> Take:
    """What is done with each event of the watches."""

    def take(kind: str, event: str, body: Body) -> None:
        if cache.observe(kind, event, body):
            for key in keys_for(kind, body):
                enqueue(key)
        elif kind == "Service":
            # bundle and endpoint of one name want one Service: what one of them wrote is not known to the other
            writer = (controller_of(body) or {}).get("kind")
            for key in keys_for(kind, body):
                if key.kind != writer and cache.knows(key.kind, key):
                    enqueue(key)
        if event == "DELETED" and kind in (*ALL_CHILD_KINDS, JOB_KIND):
            child_deleted(body["metadata"]["namespace"])

    return take


async def _never_called(**_: Any) -> None:
    """kopf is handed bookmarks, which it keeps to itself."""


def _resource(kind: str) -> tuple[str, str, str]:
    """As kopf names a kind."""
    return KINDS[kind].group, KINDS[kind].version, KINDS[kind].plural


class _Login:
    """Logs kopf in, no more than once in LOGIN_SECONDS."""

    def __init__(self, wants: Wants, begin_watch: BeginWatch, take: Take) -> None:
        self._wants = wants
        self._begin_watch = begin_watch
        self._take = take
        self._last = time.monotonic() - LOGIN_SECONDS

    async def session(self, **more: Any) -> kopf.AiohttpSession | None:
        """A session as the pod's service account, or else as kubeconfig says; None where there is neither."""
        # named, or kopf would follow whichever client library happens to be installed
        info = kopf.login_with_service_account(**more) or kopf.login_with_kubeconfig(**more)
        if info is None:
            return None
        # kopf knows refused credentials by their equality, and a session equals no other: not in a hot loop
        await asyncio.sleep(max(0.0, self._last + LOGIN_SECONDS - time.monotonic()))
        self._last = time.monotonic()
        watching = session(info.as_http_headers(), info.as_ssl_context(), self._wants, self._begin_watch, self._take)
        return kopf.AiohttpSession(
            server=info.server,
            default_namespace=info.default_namespace,
            expiration=info.expiration,
            aiohttp_session=watching,
        )
