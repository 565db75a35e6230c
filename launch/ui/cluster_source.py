"""The page's facts out of a cluster, asked with the rights of who started the command."""

from __future__ import annotations

import contextlib
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional

from bundle_spec.names import LABEL_BUNDLE, PLURAL
from launch.cluster import api as kubernetes_api
from launch.cluster.connection import Connection
from launch.cluster.following import events, pages
from launch.cluster.transport import call
from launch.errors import APIError
from launch.ui.actions import Answered
from launch.ui.rows import row_of
from launch.ui.watching import Change, Gone, Listed, Put

LOG_LINES, LOG_BYTES = 500, 1 << 20
PREDICT_SECONDS = 120  # of each piece of an answer
LEAST_SECONDS = 1.0  # between two watches: something on the way may end each at once
# of a bundle's children what exists is asked, not what is in them: a ConfigMap holds the whole document
CHILDREN = (("apps/v1", "deployments"), ("v1", "services"), ("v1", "configmaps"), ("policy/v1", "poddisruptionbudgets"))
_HEADS = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
MOST_PODS = 200


class ClusterSource:
    """`namespace` None is every namespace, where the viewer may list them."""

    is_local = False

    def __init__(self, connection: Connection, namespace: Optional[str]) -> None:
        self._api = connection.place()[0]
        self.namespace = namespace
        self.narrowed = ""  # why only one namespace is shown
        try:
            next(pages(self._api, PLURAL, namespace, size=1))
        except APIError as error:
            if namespace is not None or error.status != 403:
                raise
            self.namespace, self.narrowed = connection.namespace, str(error)
            next(pages(self._api, PLURAL, self.namespace, size=1))

    @property
    def where(self) -> str:
        """The API server."""
        return str(self._api.configuration.host)

    def follow(self, plural: str, most: int) -> Iterator[Change]:
        """The list, and what changes from then on."""
        listed, version = Listed([]), ""
        for page in pages(self._api, plural, self.namespace):
            listed.rows.extend(row_of(plural, item) for item in page.items)
            version = page.version
            if len(listed.rows) > most:
                listed = Listed(listed.rows[:most], complete=False)
                break
        yield listed
        while True:
            began = time.monotonic()
            for event in events(self._api, plural, self.namespace, version):
                metadata = event["object"].get("metadata") or {}
                version = str(metadata.get("resourceVersion") or version)
                if event["type"] == "DELETED":
                    yield Gone((str(metadata.get("namespace") or ""), str(metadata.get("name"))))
                elif event["type"] in ("ADDED", "MODIFIED"):
                    yield Put(row_of(plural, event["object"]))
            yield None
            time.sleep(max(0.0, began + LEAST_SECONDS - time.monotonic()))

    def get(self, plural: str, namespace: str, name: str) -> Dict[str, Any]:
        """The object."""
        return kubernetes_api.get(self._api, namespace, plural, name)

    def pods(self, namespace: str, bundle: str) -> List[Dict[str, Any]]:
        """The pods of the bundle, as far as a page can show them."""
        query = {"labelSelector": f"{LABEL_BUNDLE}={kubernetes_api.checked(bundle)}", "limit": str(MOST_PODS)}
        path = f"/api/v1/namespaces/{kubernetes_api.checked(namespace)}/pods"
        found: List[Dict[str, Any]] = call(self._api, "GET", path, f"the pods of {bundle}", query=query)["items"]
        return found

    def events(self, namespace: str, kind: str, name: str) -> List[Dict[str, Any]]:
        """The events about one object."""
        return kubernetes_api.events_of(self._api, namespace, kind, kubernetes_api.checked(name))

    def children(self, namespace: str, bundle: str) -> List[Dict[str, Any]]:
        """Kind, name and time of what the operator made for the bundle; `error` in place of what may not be read."""
        query = {"labelSelector": f"{LABEL_BUNDLE}={kubernetes_api.checked(bundle)}", "limit": "50"}
        found: List[Dict[str, Any]] = []
        for version, plural in CHILDREN:
            root = "/api/" if version == "v1" else "/apis/"
            path = f"{root}{version}/namespaces/{kubernetes_api.checked(namespace)}/{plural}"
            try:
                listed = self._heads(path, f"the {plural} of {bundle}", query)
            except APIError as error:
                found.append({"plural": plural, "error": str(error)})
                continue
            found += [{"plural": plural, "metadata": item["metadata"]} for item in listed]
        return found

    def family(self, namespace: str, root: str, name: str, most: int) -> List[Dict[str, Any]]:
        """The bundles with this root, and the clones of this one that are not resolved, at most so many."""
        found: Dict[str, Dict[str, Any]] = {}
        for field, value in (("status.lineage.root", root), ("spec.bundle.cloneFrom.name", name)):
            for page in pages(self._api, PLURAL, namespace, f"{field}={kubernetes_api.checked(value)}"):
                found.update((item["metadata"]["name"], item) for item in page.items if "spec" in item)
                if len(found) >= most:
                    return list(found.values())[:most]
        return list(found.values())

    def log(self, namespace: str, pod: str, container: str, previous: bool) -> str:
        """The end of what a container wrote."""
        query = {"tailLines": str(LOG_LINES), "limitBytes": str(LOG_BYTES)}
        if previous:
            query["previous"] = "true"
        return kubernetes_api.pod_log(self._api, namespace, pod, kubernetes_api.checked(container), query)

    def predict(self, namespace: str, service: str, body: bytes, most: int) -> Answered:
        """By the API server's proxy to the Service, as `modelbundle predict` does."""
        status, headers, pieces = kubernetes_api.stream_from_service(
            self._api, namespace, service, "predict", body, PREDICT_SECONDS, {}
        )
        content = b""
        with contextlib.closing(pieces):  # type: ignore[type-var]  # a generator
            for piece in pieces:
                content += piece
                if len(content) >= most:
                    break
        return Answered(status, headers.get("x-modelbundle-digest", ""), content)

    def patch(self, plural: str, namespace: str, name: str, change: Mapping[str, Any]) -> Dict[str, Any]:
        """The object after a merge patch."""
        return kubernetes_api.patch(self._api, namespace, plural, name, change)

    def _heads(self, path: str, what: str, query: Dict[str, str]) -> List[Dict[str, Any]]:
        found = call(self._api, "GET", path, what, query=query, extra_headers={"Accept": _HEADS})
        return list(found.get("items") or [])
