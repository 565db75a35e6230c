"""Objects as `kubectl get -o json` prints them, over a connection to the API server that is kept.

A kubectl takes 70 ms of processor time to start, and the cluster tests look some thousand times: a look here takes one.
What is not read here is for kubectl itself, with its words and its way of waiting, and raises AskKubectl: a kubeconfig
that leads elsewhere, a kind that nobody serves, any answer but an object, a list, or that there is no such object.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tools.testkit import served_kinds
from tools.testkit.login import LoginElsewhere, login
from tools.testkit.served_kinds import Served

Body = dict[str, Any]

_SECONDS = 60  # for an answer; kubectl is asked then
_PAGE = 500  # objects of a list at a time, as kubectl asks


class AskKubectl(Exception):
    """This is not read here, and why."""


class Reader:
    """One connection with one API server, for one thread of one process; `changed` ones are not used again."""

    def __init__(self, kubeconfig: Path) -> None:
        self._mark = _mark(kubeconfig)
        try:
            self._login = login(kubeconfig)
        except LoginElsewhere as error:
            raise AskKubectl(str(error)) from error
        self._connection = self._connect(_SECONDS)
        self._kinds: Mapping[str, Served] = {}

    def changed(self, kubeconfig: Path) -> bool:
        """Whether this is another's: of another file, or of the process that this one is a fork of."""
        return self._mark != _mark(kubeconfig)

    def one(self, kind: str, name: str, namespace: str) -> Body | None:
        if not name or "/" in name:
            raise AskKubectl(f"{name!r} is no object's name")
        status, found = self._read(self._served(kind).path(namespace or self._login.namespace, name))
        if status == 404 and (found.get("details") or {}).get("name") == name:
            return None
        return _shown(self._answered(status, found))

    def all(self, kind: str, namespace: str, selector: str) -> Iterator[Body]:
        """Of a kind, page by page."""
        where = self._served(kind).path(namespace or self._login.namespace)
        query = {"limit": str(_PAGE), **({"labelSelector": selector} if selector else {})}
        while True:
            page = self._answered(*self._read(f"{where}?{urlencode(query)}"))
            yield from _items(page)
            if not page["metadata"].get("continue"):
                return
            query["continue"] = page["metadata"]["continue"]

    def changes(self, kind: str, namespace: str, query: Mapping[str, str], seconds: float) -> Iterator[Body]:
        """Watch events for so long, first one for each object that is there: of a list, which no cache answers."""
        where = self._served(kind).path(namespace or self._login.namespace)
        there = self._answered(*self._read(f"{where}?{urlencode(query)}"))
        yield from ({"type": "ADDED", "object": item} for item in _items(there))
        watch = {"watch": "1", "resourceVersion": there["metadata"]["resourceVersion"]}
        watch |= {"timeoutSeconds": str(max(1, math.ceil(seconds)))}
        connection = self._connect(seconds + 2)  # of its own: the kept one reads meanwhile
        try:
            answer = self._send(connection, f"{where}?{urlencode({**query, **watch})}", "application/json")
            if answer.status == 200:
                yield from ({**event, "object": _shown(event["object"])} for event in map(_document, answer))
        except (OSError, HTTPException):
            return  # ended, however it did
        finally:
            connection.close()

    def _served(self, kind: str) -> Served:
        if kind not in self._kinds:  # not yet asked, or newer than the asking
            documents = [self._answered(*self._read(where, served_kinds.ACCEPT)) for where in served_kinds.WHERE]
            if any(document.get("kind") != "APIGroupDiscoveryList" for document in documents):
                raise AskKubectl("the API server does not tell all kinds at once")
            self._kinds = served_kinds.by_name(documents)
        try:
            return self._kinds[kind]
        except KeyError:
            raise AskKubectl(f"no kind {kind} is known") from None

    def _answered(self, status: int, found: Body) -> Body:
        if status == 200:
            return found
        if status == 404:
            self._kinds = {}  # a kind that was served once
        raise AskKubectl(f"the API server answered {status}")

    def _read(self, where: str, accept: str = "application/json") -> tuple[int, Body]:
        """Asked once more where the connection had ended since it was used: an API server was started again."""
        tries = 2 if self._connection.sock else 1
        while True:
            tries -= 1
            try:
                answer = self._send(self._connection, where, accept)
                content = answer.read()
                return answer.status, _document(content) if answer.status == 200 else _status(content)
            except (OSError, HTTPException) as error:
                self._connection.close()
                if not tries or isinstance(error, TimeoutError):
                    raise AskKubectl(f"no answer of the API server: {error!r}") from error

    def _send(self, connection: HTTPConnection, where: str, accept: str) -> HTTPResponse:
        connection.request("GET", self._path + where, headers={**self._login.headers, "Accept": accept})
        return connection.getresponse()

    @property
    def _path(self) -> str:
        return urlsplit(self._login.server).path

    def _connect(self, seconds: float) -> HTTPConnection:
        """Connects when it is first used, and again after it was closed."""
        place = urlsplit(self._login.server)
        if self._login.tls is None:
            return HTTPConnection(place.netloc, timeout=seconds)
        return HTTPSConnection(place.netloc, timeout=seconds, context=self._login.tls)


_kept = threading.local()


def one(kind: str, name: str, namespace: str = "") -> Body | None:
    """The object, or None where there is none."""
    return _reader().one(kind, name, namespace)


def all_of(kinds: str, namespace: str = "", selector: str = "") -> list[Body]:
    """The objects of a kind, or of several with commas between them, in their order."""
    reader = _reader()
    return [found for kind in kinds.split(",") for found in reader.all(kind, namespace, selector)]


def changes(kind: str, namespace: str, query: Mapping[str, str], seconds: float) -> Iterator[Body]:
    """Watch events of the objects that the query (`labelSelector`, `fieldSelector`) selects, for so long."""
    return _reader().changes(kind, namespace, query, seconds)


def _reader() -> Reader:
    """This thread's, of the kubeconfig that kubectl would read now."""
    kubeconfig = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube/config")
    reader: Reader | None = getattr(_kept, "reader", None)
    if reader is None or reader.changed(kubeconfig):
        _kept.reader = reader = Reader(kubeconfig)
    return reader


def _mark(kubeconfig: Path) -> tuple[Any, ...]:
    try:
        state = kubeconfig.stat()
    except OSError as error:  # several files with colons between them, too
        raise AskKubectl(f"the kubeconfig cannot be read: {error}") from error
    return os.getpid(), kubeconfig, state.st_ino, state.st_mtime_ns, state.st_size


def _document(content: bytes) -> Body:
    try:
        document: Body = json.loads(content)
    except ValueError as error:
        raise AskKubectl(f"the API server answered with no JSON: {content[:100]!r}") from error
    return document


def _status(content: bytes) -> Body:
    """What a refusal says; nothing where it is no Status, as of a group that is not served."""
    try:
        return _document(content)
    except AskKubectl:
        return {}


def _items(page: Body) -> Iterator[Body]:
    """Each with its kind, which a list says once."""
    of_each = {"apiVersion": page["apiVersion"], "kind": page["kind"].removesuffix("List")}
    return (_shown({**of_each, **item}) for item in page["items"] or ())


def _shown(found: Body) -> Body:
    """Without what kubectl leaves out unless it is asked for."""
    found.get("metadata", {}).pop("managedFields", None)
    return found
