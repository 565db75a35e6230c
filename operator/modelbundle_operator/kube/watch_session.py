"""The HTTP session over which kopf watches: bounded in memory, and no answer that ends the process.

kopf parses a page or an event whole, has a queue, a task and notes for each object, and ends on a refused watch or an
ERROR event. It takes a session of ours: so it never sees an object that decoding.py would not have, nor a large one
that nobody asks for, and a watch that is refused or broken is a lost connection to it, which it makes again. All
objects of a watch are one to it, with the text of each as a value: one queue, in the order of the events, and nothing
that is left of an object. Before it watches it lists: all that it gets of that is the version to watch from, and the
resync, which bounds its pages and tells deletions too, lists instead.
"""

import contextlib
import json
import logging
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import aiohttp
import msgspec

from modelbundle_operator.api.base import Body
from modelbundle_operator.kube.backlog import Backlog
from modelbundle_operator.kube.decoding import bodies_of, event_of, heads_of, names_of, page_of, unhurried
from modelbundle_operator.kube.kept import LARGEST_CHILD, outline
from modelbundle_operator.kube.kinds import JOB_KIND, KINDS, OWN_KINDS

log = logging.getLogger(__name__)

Wants = Callable[[str, Body], bool]
# of a kind, and a namespace or None for all
BeginWatch = Callable[[str, str | None], int | None]

_KINDS = {kind.plural: kind.name for kind in KINDS.values()}
_NAMESPACE = re.compile(r"/namespaces/([^/]+)/[^/]+$")
_RELIST = b'{"type":"ERROR","object":{"kind":"Status","code":410}}'
_TEXT = "text"


def session(
    headers: Mapping[str, str],
    tls: ssl.SSLContext,
    wants: Wants,
    begin_watch: BeginWatch,
    backlogs: Mapping[str, Backlog],
) -> aiohttp.ClientSession:
    """A session for kopf. `wants` says of a large pod or Job whether the operator keeps it; `begin_watch` is called
    when a watch is about to start, and may name the version to start from: what happened before it is not reported.
    `backlogs`: by kind, what kopf may hold."""

    class Answer(aiohttp.ClientResponse):
        async def start(self, connection: Any) -> aiohttp.ClientResponse:
            await super().start(connection)
            kind = _KINDS.get(self.url.name)
            if kind is not None and "watch" in self.url.query:
                if self.status == 200:
                    self.content: Any = _Events(
                        self.content, lambda line: seen_event(kind, line, wants), backlogs[kind]
                    )
                elif self.status in (400, 410):  # of no use is the version, and kopf would ask with it again
                    self.status, self.content = 200, _ListAgain(self.content)
            return self

        async def json(self, **more: Any) -> Any:
            kind = _KINDS.get(self.url.name)
            if kind is None or self.status != 200:
                return await super().json(**more)
            with _understood():
                version = page_of(await self.read()).version
            namespace = _NAMESPACE.search(self.url.path)
            known = begin_watch(kind, namespace[1] if namespace else None)
            return {"metadata": {"resourceVersion": version if known is None else str(known)}, "items": []}

    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT  # as in client.py: what is trusted, and the names, are checked
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls),
        headers=dict(headers),
        response_class=Answer,
        middlewares=(_refusal_as_lost_connection,),
    )


def seen_event(kind: str, line: bytes, wants: Wants) -> bytes | None:
    """A watch event as kopf is to see it; None when it need not."""
    event, text = event_of(line)
    if event == "ERROR":
        return _RELIST
    if event == "BOOKMARK":
        return line
    if kind in OWN_KINDS or len(text) > LARGEST_CHILD:
        body = _bounded(kind, text, wants)
        if body is None:
            return None
        text = json.dumps(body).encode()
    # kopf has a queue for each uid
    seen = {"metadata": {**names_of(text), "uid": kind}, _TEXT: text.decode()}
    return msgspec.json.encode({"type": event, "object": seen})


def _bounded(kind: str, text: bytes, wants: Wants) -> Body | None:
    """An object of ours, or a large one, as the handler is to have it; None where it cannot be read. What nobody asks
    for is not parsed."""
    if kind not in OWN_KINDS:
        head = next(heads_of(kind, [text]), None)
        if head is None or not (kind in ("Pod", JOB_KIND) and wants(kind, head)):
            return head and outline(head)
    return next(bodies_of(kind, [text]), None)


def object_of(seen: Mapping[str, Any]) -> Body:
    """The object of an event that kopf has seen."""
    body: Body = json.loads(seen[_TEXT])
    return body


async def _refusal_as_lost_connection(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A namespace that is gone (403), a kind that is (404), an API server in trouble: kopf would end its watches of all
    kinds. It tries again instead, and the resync says what is the matter."""
    response = await handler(request)
    if request.url.name in _KINDS and response.status >= 400 and response.status != 401:  # with 401 it logs in again
        response.close()
        raise aiohttp.ClientConnectionError(f"{response.status} {response.reason}")
    return response


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    """What is not an answer of an API server, such as a proxy's page, is a lost connection too."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("an answer to a list or watch cannot be read: %s", error)
        raise aiohttp.ClientPayloadError(f"{type(error).__name__}: {error}") from None


class _ListAgain:
    """The body of a watch that is refused for its version: one event of that."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        yield _RELIST + b"\n"


class _Events:
    """The body of a watch, line by line."""

    def __init__(self, content: aiohttp.StreamReader, seen: Callable[[bytes], bytes | None], backlog: Backlog) -> None:
        self._content = content
        self._seen = seen
        self._backlog = backlog

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        begun = bytearray()
        async for data in self._content.iter_chunked(size):
            *complete, rest = data.split(b"\n")
            for line in complete:
                event = bytes(begun + line)
                begun.clear()
                with _understood():
                    seen = await unhurried(event, lambda: self._seen(event)) if event else None  # noqa: B023
                if seen is not None:
                    yield seen + b"\n"
                    if seen is not event and seen is not _RELIST:  # neither comes to the handler
                        await self._backlog.given()
            begun += rest
