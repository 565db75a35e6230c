"""A bundle comes into being: everything that can be refused is refused before a byte is uploaded, and what is uploaded
for a bundle that then cannot be created is taken away again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple

from bundle_spec.names import API_VERSION, CREATED_AT, KIND, OWNER
from launch.bundle.clone import clone_of
from launch.bundle.content import Content, ContentError, content_of_manifest, content_of_object
from launch.bundle.naming import bundle_metadata, display_name, object_name
from launch.errors import APIError
from launch.stores.artifact import Packed

if TYPE_CHECKING:
    from launch.cluster.connection import Connection
    from launch.stores.artifact_store import ArtifactStore

STORED: Mapping[str, Any] = {"replicas": 0}
RESOLVES_SECONDS = 10.0  # a third of one, as a rule
TURNS = 5  # each lost one is another client's that made or deleted the same bundle at that very moment


class Created(NamedTuple):
    """`object` as the API server has it; `new` is False where the same bundle was there already."""

    object: Dict[str, Any]
    content: Content
    new: bool


class Wanted(NamedTuple):
    """`fields` are those of spec.bundle without the artifact; `metadata` is kept beside it, out of the digest."""

    name: str
    fields: Mapping[str, Any]
    metadata: Mapping[str, Any]
    serving: Mapping[str, Any] = STORED


def draft(wanted: Wanted, packed: Packed, uri: str, owner: str = "") -> Content:
    """The manifest and its digest; ContentError where it is not a bundle."""
    bundle = {"artifact": packed.artifact(uri), **wanted.fields}
    spec = {"bundle": bundle, "serving": dict(wanted.serving)}
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "draft"}, "spec": spec}
    content = content_of_manifest(manifest, local=False)
    return _named(content, wanted.name, owner, wanted.metadata)


def create(connection: "Connection", store: "ArtifactStore", wanted: Wanted, packed: Packed) -> Created:
    """The object, new or found; the artifact is in the store then."""
    uri = store.uri_of(packed)
    content = draft(wanted, packed, uri, connection.user())

    def uploaded_and_made() -> Dict[str, Any]:
        connection.create(content.manifest, dry_run=True)
        uploaded = store.put(packed)
        try:
            made = connection.create(content.manifest)
        except APIError as error:
            refused = 400 <= error.status < 500 and not already_exists(error)  # else it may have been carried out
            if uploaded and refused and not _used(connection, uri):
                store.remove(uri)
            raise
        if not uploaded:
            store.put(packed)  # who had uploaded it may have been refused meanwhile, and have taken it away
        return made

    bundle, new = _found_or_made(connection, content, uploaded_and_made)
    if new:
        return Created(bundle, content, new=True)
    if bundle["spec"]["bundle"].get("artifact", {}).get("uri") == uri:
        store.put(packed)  # nothing to do where it is there; another client may have removed it
    return Created(bundle, content_of_object(bundle), new=False)


def _used(connection: "Connection", uri: str) -> bool:
    """Whether a bundle of the namespace has this artifact."""
    return any(bundle["spec"]["bundle"].get("artifact", {}).get("uri") == uri for bundle in connection.list())


def clone(connection: "Connection", base: Mapping[str, Any], content: Content, fields: Mapping[str, Any]) -> Created:
    """A stored clone of the bundle `base`, whose content is given, with these fields of spec.bundle."""
    drafted, _ = clone_of(content, content.name, fields, STORED["replicas"])
    named = _named(drafted, display_name(base), connection.user(), {})
    bundle, new = _found_or_made(connection, named, lambda: connection.create(named.manifest))
    return Created(bundle, named, new)


def already_exists(error: APIError) -> bool:
    """Whether another client was faster; a dry run is answered so too."""
    return error.status == 409 and error.reason == "AlreadyExists"


def _found_or_made(
    connection: "Connection", content: Content, make: Callable[[], Dict[str, Any]]
) -> Tuple[Dict[str, Any], bool]:
    """The bundle, and whether it is new. Others may make or delete the same one between any two of our requests."""
    for turn in range(1, TURNS + 1):
        found = _renewed(connection, content)
        if found is not None:
            return found, False
        try:
            return make(), True
        except APIError as error:
            if turn == TURNS or not already_exists(error):
                raise
    raise AssertionError("the last turn returns or raises")


def content_in_cluster(connection: "Connection", bundle: Mapping[str, Any]) -> Content:
    """What the bundle runs; a clone that was only just made is waited for, until the operator has resolved it."""
    deadline = time.monotonic() + RESOLVES_SECONDS
    while True:
        try:
            return content_of_object(bundle)
        except ContentError:
            if (bundle.get("status") or {}).get("conditions") or time.monotonic() > deadline:
                raise
        time.sleep(0.1)
        bundle = connection.get(bundle["metadata"]["name"])


def _named(content: Content, name: str, owner: str, metadata: Mapping[str, Any]) -> Content:
    chosen = object_name(name, content.digest)
    labelled = {"name": chosen, **bundle_metadata(name, owner, time.time_ns(), metadata)}
    manifest = {**content.manifest, "metadata": labelled}
    return Content(chosen, content.fields, content.canonical, content.digest, manifest)


def _renewed(connection: "Connection", content: Content) -> Optional[Dict[str, Any]]:
    """The bundle that is there under this name, now the newest of it; None when there is none.

    One of another owner is left as it is: it is as good, and not ours to change.
    """
    created_at = str(time.time_ns())  # as late as this is asked: another client may have made it after our draft
    try:
        found = connection.get(content.name)
        if (found["metadata"].get("annotations") or {}).get(OWNER) not in (None, connection.user()):
            return found
        return connection.patch(content.name, {"metadata": {"annotations": {CREATED_AT: created_at}}})
    except APIError as error:
        if error.status == 404:  # of the patch too: it was deleted in between
            return None
        raise
