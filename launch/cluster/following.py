"""The objects of a kind, in one namespace or in all, listed in pages and watched.

The watch goes on where the list ended. What ends it is said by what it raises: ListExpired, then a fresh list follows,
or an APIError of a server that is away.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional

from bundle_spec.names import API_VERSION
from launch.cluster.api import checked
from launch.cluster.transport import call, decoded, lines
from launch.errors import APIError

PAGE = 50  # objects; one may have 1.5 MB
LIST_SECONDS = 15
WATCH_SECONDS = 60  # of one request; a connection that died silently is noticed in this time and a little
_MORE_SECONDS = 15
TOO_DEEP = "TooDeep"
_HEADS = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
GONE = 410


class ListExpired(APIError):
    """The API server no longer knows the changes since the list, or one of them cannot be read."""


class Page(NamedTuple):
    """`items` are objects; of one that cannot be read it is only its metadata, and so of all in its page."""

    items: List[Dict[str, Any]]
    version: str


def collection(plural: str, namespace: Optional[str]) -> str:
    """The path of all objects of a kind of ours; None is every namespace."""
    place = f"namespaces/{checked(namespace)}/" if namespace is not None else ""
    return f"/apis/{API_VERSION}/{place}{plural}"


def pages(api: Any, plural: str, namespace: Optional[str], selector: str = "", size: int = PAGE) -> Iterator[Page]:
    """All of them, a page at a time; `selector` is one of fields."""
    query = {"limit": str(size), **({"fieldSelector": selector} if selector else {})}
    path, what = collection(plural, namespace), _what(plural, namespace)
    while True:
        try:
            found = call(api, "GET", path, what, query=query, seconds=LIST_SECONDS)
        except APIError as error:
            if error.reason != TOO_DEEP:
                raise
            found = _heads(api, path, what, query)
        metadata = found.get("metadata") or {}
        yield Page(found.get("items") or [], str(metadata.get("resourceVersion") or ""))
        if not metadata.get("continue"):
            return
        query["continue"] = metadata["continue"]


def events(api: Any, plural: str, namespace: Optional[str], version: str) -> Iterator[Mapping[str, Any]]:
    """ADDED, MODIFIED, DELETED and BOOKMARK after this version, for about a minute; ListExpired where it cannot go
    on."""
    query = {
        "watch": "true",
        "resourceVersion": version,
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(WATCH_SECONDS),
    }
    path, what = collection(plural, namespace), _what(plural, namespace)
    try:
        for line in lines(api, path, what, query, WATCH_SECONDS + _MORE_SECONDS):
            event = decoded(line, what)
            if event["type"] == "ERROR":
                status = event.get("object") or {}
                raise _expired(int(status.get("code") or 0), str(status.get("message") or "the watch ended"))
            yield event
    except ValueError as error:  # a line that was cut off
        raise _expired(0, f"{what}: the watch ended in the middle of a line") from error
    except APIError as error:
        if error.status == GONE or error.reason == TOO_DEEP:
            raise _expired(error.status, str(error)) from error
        raise


def _heads(api: Any, path: str, what: str, query: Mapping[str, str]) -> Dict[str, Any]:
    """The same page without what is in the objects."""
    query, headers = {**query, "includeObject": "Metadata"}, {"Accept": _HEADS}
    table = call(api, "GET", path, what, query=query, seconds=LIST_SECONDS, extra_headers=headers)
    return {"metadata": table.get("metadata"), "items": [row["object"] for row in table.get("rows") or []]}


def _expired(status: int, message: str) -> ListExpired:
    return ListExpired(status, message, "Expired")


def _what(plural: str, namespace: Optional[str]) -> str:
    return f"the {plural} " + (f"in namespace {namespace}" if namespace is not None else "of all namespaces")
