"""The HTTP session over which kopf watches: events are taken in where they are read, and no answer ends the process.

kopf parses a page or an event whole, has a queue, a task and notes for each object, reads faster than it hands on, and
ends on a refused watch or an ERROR event. It takes a session of ours: so it sees no object at all, only bookmarks, from
which it goes on when a watch ends. An event goes to the cache as soon as it is read, within the bounds of decoding.py,
and the next one is read after that. A watch that is refused or broken is a lost connection to kopf, which it makes
again. Before it watches it lists: all that it gets of that is the version to watch from, and the resync, which bounds
its pages and tells deletions too, lists instead.
"""

import asyncio
import contextlib
import logging
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import aiohttp
import msgspec

from modelbundle_operator.api.base import Body
from modelbundle_operator.kube.decoding import bodies_of, event_of, heads_of, page_of, taken, unhurried
from modelbundle_operator.kube.kept import LARGEST_CHILD, outline
from modelbundle_operator.kube.kinds import JOB_KIND, KINDS, OWN_KINDS

log = logging.getLogger(__name__)

Wants = Callable[[str, Body], bool]
# of a kind, and a namespace or None for all
BeginWatch = Callable[[str, str | None], int | None]
# a kind, the type of an event, and the object within bounds
Take = Callable[[str, str, Body], None]

_KINDS = {kind.plural: kind.name for kind in KINDS.values()}
_NAMESPACE = re.compile(r"/namespaces/([^/]+)/[^/]+$")
_RELIST = b'{"type":"ERROR","object":{"kind":"Status","code":410}}'


class Read(NamedTuple):
    """An event as it is taken in; without a body one that is not: a bookmark, or what cannot be read."""

    type: str
    body: Body | None = None
    version: str = ""  # up to which the watch has been read; empty where that is not known


def session(
    headers: Mapping[str, str], tls: ssl.SSLContext, wants: Wants, begin_watch: BeginWatch, take: Take
) -> aiohttp.ClientSession:
    """A session for kopf. `wants` says of a large pod or Job whether the operator keeps it; `begin_watch` is called
    when a watch is about to start, and may name the version to start from: what happened before it is not reported.
    `take` is called with each event, in their order."""

    class Answer(aiohttp.ClientResponse):
        async def start(self, connection: Any) -> aiohttp.ClientResponse:
            await super().start(connection)
            kind = _KINDS.get(self.url.name)
            if kind is not None and "watch" in self.url.query:
                if self.status == 200:
                    read = partial(read_event, kind, wants=wants)
                    self.content: Any = _Events(kind, self.content, read, partial(take, kind))
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


def read_event(kind: str, line: bytes, wants: Wants) -> Read:
    """A watch event, read. One whose object cannot be read is left out, and said in the log."""
    event, text = event_of(line)
    if event == "ERROR":
        return Read(event)
    if event == "BOOKMARK":
        return Read(event, version=str(msgspec.json.decode(text)["metadata"]["resourceVersion"]))
    body = _bounded(kind, text, wants)
    return Read(event) if body is None else Read(event, body, body["metadata"].get("resourceVersion") or "")


def _bounded(kind: str, text: bytes, wants: Wants) -> Body | None:
    """An object as it is taken in; None where it cannot be read. What is large and nobody asks for is not parsed."""
    if kind not in OWN_KINDS and len(text) > LARGEST_CHILD:
        head = next(heads_of(kind, [text]), None)
        if head is None or not (kind in ("Pod", JOB_KIND) and wants(kind, head)):
            return head and outline(head)
    return next(bodies_of(kind, [text]), None)


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
    """The body of a watch: its events are taken in line by line, and kopf reads how far that has come."""

    def __init__(
        self, kind: str, content: aiohttp.StreamReader, read: Callable[[bytes], Read], take: Callable[[str, Body], None]
    ) -> None:
        self._kind = kind
        self._content = content
        self._read = read
        self._take = take

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        begun, version = bytearray(), ""
        async for data in self._content.iter_chunked(size):
            *complete, rest = data.split(b"\n")
            for line in complete:
                event = bytes(begun + line)
                begun.clear()
                if not event:
                    continue
                with _understood():
                    read = await unhurried(event, partial(self._read, event))
                if read.type == "ERROR":
                    yield _RELIST + b"\n"
                    return
                self._taken(read)
                version = read.version or version
                await asyncio.sleep(0)  # a chunk may hold many, and others have their turn between two of them
            begun += rest
            if version:
                yield _bookmark(version) + b"\n"
                version = ""

    def _taken(self, read: Read) -> None:
        """An error here is a bug; the resync brings what was lost by it."""
        if read.body is None:
            return
        taken(self._kind, read.body, partial(self._take, read.type))


def _bookmark(version: str) -> bytes:
    return msgspec.json.encode({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}})
