"""The API server behind a handful of verbs: plain dicts in and out, a timeout on each call, our errors.

Nothing of an operator that has lost its Lease is to be under way when another one begins. So writes may be given a
shorter time than reads, and are not sent once `may_write` says no (docs/adr/0016-a-lease-and-no-peering.md).

The only importer of `kubernetes`. Raw paths and no typed models: those refuse fields that they do not know, so a newer
cluster could not even be read. Nothing is retried here: the queue does that, in one place.
"""

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio import client, config

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.endpoint import ENDPOINT_PLURAL
from modelbundle_operator.api.names import FIELD_MANAGER, GROUP, PLURAL, VERSION
from modelbundle_operator.errors import NotLeading, Transient
from modelbundle_operator.kube.cluster import Keep, Label, Needs, keep_whole
from modelbundle_operator.kube.decoding import Skipped, answer_of, bodies_of, heads_of, taken, unhurried
from modelbundle_operator.kube.errors import NoAnswer, NotInstalled, error_of, understood
from modelbundle_operator.kube.kinds import CRD_KIND, KINDS, LEASE_KIND
from modelbundle_operator.kube.needed import Asking, needed_texts, place_of
from modelbundle_operator.kube.pages import Pages, Query

# with the parameter the client library leaves the body as it is
APPLY = "application/apply-patch+yaml; charset=utf-8"
JSON = "application/json"
HEADS = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")

Called = Callable[[str, str], None]
Received = Callable[[str, int], None]


def in_cluster() -> bool:
    """Whether this process is a pod."""
    return SERVICE_ACCOUNT.exists()


class KubernetesClient:
    """A Cluster over one connection to one API server. `called` hears the verb and kind of each call,
    `skipped` the kind of each object that cannot be read, `received` the kind and bytes of each answer to a read."""

    def __init__(
        self,
        api: client.ApiClient,
        seconds: float = 15.0,
        called: Called = lambda verb, kind: None,
        write_seconds: float | None = None,
        skipped: Skipped = lambda kind: None,
        received: Received = lambda kind, size: None,
    ) -> None:
        self._api = api
        self._seconds = seconds
        self._write_seconds = seconds if write_seconds is None else min(seconds, write_seconds)
        self._called = called
        self._skipped = skipped
        self._received = received
        self._pages = Pages()

    @classmethod
    async def connect(
        cls,
        seconds: float = 15.0,
        called: Called = lambda verb, kind: None,
        write_seconds: float | None = None,
        may_write: Callable[[], bool] = lambda: True,
        skipped: Skipped = lambda kind: None,
        received: Received = lambda kind, size: None,
    ) -> Self:
        """Log in as the pod's service account, or else as kubeconfig says."""
        # a proxy of the environment and ~/.netrc would be looked up in two threads for each call; the watch has neither
        session = {"request_class": gated(may_write), "trust_env": False}
        configuration = client.Configuration(client_session_kwargs=session)
        # authorities of clusters may lack extensions that RFC 5280 wants, and OpenSSL asks for since Python 3.13
        configuration.disable_strict_ssl_verification = True
        if in_cluster():
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            file = os.environ.get("KUBECONFIG") or None
            await config.load_kube_config(file, client_configuration=configuration, persist_config=False)  # type: ignore[no-untyped-call]
        return cls(client.ApiClient(configuration=configuration), seconds, called, write_seconds, skipped, received)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def check_installed(self) -> None:
        """Raise unless the API server serves our kinds."""
        answer = await self._text("GET", f"/apis/{GROUP}/{VERSION}", kind=CRD_KIND, absent_is_none=True)
        served = {item.get("name") for item in json.loads(answer or b"{}").get("resources", [])}
        for plural in (PLURAL, ENDPOINT_PLURAL):
            if plural not in served:
                raise NotInstalled(
                    f"this cluster has no {plural}.{GROUP} ({VERSION}): apply the CRDs first (kubectl apply -f crds/),"
                    " then start the operator again"
                )

    async def get(self, kind: str, namespace: str | None, name: str) -> Body | None:
        """The object, or None."""
        return await self._request("GET", KINDS[kind].path(namespace, name), kind=kind, absent_is_none=True)

    async def list(
        self,
        kind: str,
        namespace: str | None = None,
        keep: Keep = keep_whole,
        label: Label | None = None,
        needs: Needs | None = None,
    ) -> tuple[list[Any], int]:
        """Every object of ours of this kind, by pages, and the version of the list.

        `keep`: what is kept of an object, None for nothing. `label`: only what carries it with this value. `needs`:
        which objects are read in full, by their metadata; None for all.
        """
        selector = ",".join(filter(None, (KINDS[kind].selector, "=".join(label or ()))))
        items, version = list[Any](), "0"

        async def ask(query: Query, longest: int | None, accept: str = JSON) -> bytes:
            path = KINDS[kind].path(namespace)
            return await self._text("GET", path, kind=kind, query=query, accept=accept, longest=longest) or b""

        async def take(texts: Iterable[bytes]) -> None:
            for text in texts:
                for body in await unhurried(text, lambda: list(bodies_of(kind, [text], self._skipped))):  # noqa: B023
                    if (kept := taken(kind, body, keep, self._skipped)) is not None:
                        items.append(kept)
                await asyncio.sleep(0)  # a page of large objects takes a second; others have their turn

        def wants(head: Body) -> bool:
            return bool(needs is not None and taken(kind, head, needs, self._skipped))

        async def take_page(query: Query, listed: list[bytes]) -> None:
            if needs is None:
                return await take(listed)
            needed = [(head, text) for text in listed for head in heads_of(kind, [text], self._skipped) if wants(head)]
            asking.saw(len(needed), len(listed))
            if asking.got_whole:
                return await take(text for _, text in needed)
            places = [place_of(head) for head, _ in needed]
            async for texts in needed_texts(places, len(listed), partial(ask, query), partial(self._object, kind)):
                await take(texts)

        asking = Asking(ask, partial(ask, accept=HEADS))
        with understood(f"GET {KINDS[kind].path(namespace)}"):
            async for query, page in self._pages.read(kind, selector, ask if needs is None else asking):
                version = page.version
                await take_page(query, page.items)
        return items, int(version)

    async def create(self, body: Body) -> Body:
        """POST of an object that is not there yet."""
        path = KINDS[body["kind"]].path(body["metadata"]["namespace"])
        return await self._must("POST", path, kind=body["kind"], query={"fieldManager": FIELD_MANAGER}, body=body)

    async def apply(self, body: Body) -> Body:
        """Server-side apply of every field that we own, by force."""
        return await self._apply(body, "")

    async def apply_status(self, body: Body) -> Body:
        """Server-side apply of the status; with metadata.resourceVersion only to that version of the object."""
        return await self._apply(body, "/status")

    async def replace(self, body: Body) -> Body:
        """PUT: the object becomes exactly this, unless it has changed since it was read."""
        path = KINDS[body["kind"]].path(body["metadata"]["namespace"], body["metadata"]["name"])
        return await self._must("PUT", path, kind=body["kind"], query={"fieldManager": FIELD_MANAGER}, body=body)

    async def remove(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """DELETE of this very object, and of what it has made; nothing where it has gone already."""
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",  # a Job leaves its pods where nothing is said
            "preconditions": {"uid": uid},
        }
        path = KINDS[kind].path(namespace, name)
        await self._request("DELETE", path, kind=kind, body=options, absent_is_none=True)

    async def create_event(self, event: Body) -> None:
        """Write an Event (events.k8s.io/v1)."""
        await self._must("POST", KINDS["Event"].path(event["metadata"]["namespace"]), kind="Event", body=event)

    async def try_to_create(self, body: Body) -> Body:
        """What the API server would make of this new object; nothing is stored."""
        path = KINDS[body["kind"]].path(body["metadata"]["namespace"])
        return await self._must("POST", path, kind=body["kind"], query={"dryRun": "All"}, body=body)

    async def _apply(self, body: Body, subresource: str) -> Body:
        path = KINDS[body["kind"]].path(body["metadata"].get("namespace"), body["metadata"]["name"]) + subresource
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return await self._must("PATCH", path, kind=body["kind"], query=query, body=body, content_type=APPLY)

    async def _must(self, method: str, path: str, **more: Any) -> Body:
        answer = await self._request(method, path, **more)
        assert answer is not None
        return answer

    async def _object(self, kind: str, place: tuple[str, str]) -> bytes | None:
        return await self._text("GET", KINDS[kind].path(*place), kind=kind, absent_is_none=True)

    async def _request(self, method: str, path: str, *, kind: str, **more: Any) -> Body | None:
        text = await self._text(method, path, kind=kind, **more)
        with understood(f"{method} {path}"):
            return None if text is None else await unhurried(text, lambda: answer_of(kind, text))

    async def _text(
        self,
        method: str,
        path: str,
        *,
        kind: str,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        absent_is_none: bool = False,
        longest: int | None = None,
    ) -> bytes | None:
        self._called(_VERBS.get(content_type) or _VERBS[method], kind)
        data = as_yaml(body) if content_type == APPLY else body
        seconds = self._seconds if method == "GET" else self._write_seconds
        if method != "GET":
            query = {**(query or {}), "timeout": f"{seconds:g}s"}  # the API server gives it up then too
        url = f"{self._api.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": accept, "Content-Type": content_type, **self._api.default_headers}
        what = f"{method} {path}"
        try:
            async with asyncio.timeout(seconds):
                await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
                answer = await self._api.call_api(method, url, headers, data)
                text = await _read(answer.response, longest)
        except TimeoutError:
            raise NoAnswer(f"{what}: no answer in {seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"{what}: {type(error).__name__}: {error}") from None
        if method == "GET":
            self._received(kind, len(text or b"") or longest or 0)
        if text is None:
            raise NoAnswer(f"{what}: more than {longest} bytes")
        if answer.status < 300:
            return text
        if answer.status == 404 and absent_is_none:
            return None
        raise error_of(what, answer.status, text, answer.headers.get("Retry-After"))


def gated(may_write: Callable[[], bool]) -> type[aiohttp.ClientRequest]:
    """Requests that ask before they are sent: between the decision to write and the first byte a connection may have to
    be made, and the process may be stopped and continued. The Lease itself is always written."""
    leases = f"/apis/{KINDS[LEASE_KIND].api_version}/"

    class Gated(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            if self.method != "GET" and leases not in self.url.path and not may_write():
                raise NotLeading(f"{self.method} {self.url.path}: not sent, this operator leads no longer")
            return await super().send(conn)

    return Gated


_VERBS = {"GET": "read", "PUT": "replace", "POST": "create", "DELETE": "delete", APPLY: "apply"}


async def _read(response: aiohttp.ClientResponse, longest: int | None) -> bytes | None:
    """The answer's body; None, and no more than so much in memory, where it is longer."""
    text = bytearray()
    async for data in response.content.iter_chunked(2**20):
        text += data
        if longest is not None and len(text) > longest:
            response.close()
            return None
    return bytes(text)


_PAIR = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|(\\ud[89a-f][0-9a-f]{2})|\x7f")


def as_yaml(body: Body | None) -> bytes:
    """JSON that YAML, as which an apply is read, takes alike: it knows no surrogate pairs, and no raw control codes.

    Half a pair is not a character; text with one, such as a model's words in a termination message, meant another.
    """

    def joined(found: re.Match[str]) -> str:
        high, low, half = found.groups()
        if high:
            return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
        return "\\ufffd" if half else "\\u007f" if found[0] == "\x7f" else found[0]

    return _PAIR.sub(joined, json.dumps(body)).encode()
