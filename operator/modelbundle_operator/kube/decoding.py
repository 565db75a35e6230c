"""The API server's JSON made into bodies within bounds: an object's size and depth are known before it is made.

A user who may create an object decides what is in it. A parser and all that walks its result recurse, so a value nested
some thousand levels deep would end the process, and an object needs twenty times its bytes. So a text is first cut into
raw members, which costs neither; what the operator reads of a ModelBundle is made from those, and managedFields, in
which a deep spec is as deep again, never. A bundle that is too deep or too large to be used is kept as an outline
(metadata and status) that says why (`UNREADABLE`): its status names the reason, and no other object is affected.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.bundle import DOCUMENT_MAX, too_large
from modelbundle_operator.api.names import UNREADABLE, Reason
from modelbundle_operator.kube.json_cuts import depth_of, entries, members
from modelbundle_operator.kube.json_text import loads
from modelbundle_operator.kube.kept import HEAVY
from modelbundle_operator.kube.kinds import KINDS, OWN_KINDS
from modelbundle_operator.loop.aside import LIGHT_BYTES

log = logging.getLogger(__name__)

Skipped = Callable[[str], None]

# of spec.bundle: more than exact_values and schema_limits allow, which say where a value of less is too deep
DEPTH_MAX = 300
# of an object's text, with all of its metadata: each write of a larger one costs the API server a tenth of a second and
# more of a processor, whoever writes
HEAVY_BYTES = 64 * 1024
# what canonical form may save, such as null or a blank; of all that is smaller the exact size is asked
_SLACK = 4096
# a parser gives up at some hundred levels more; what is cut instead takes a second for three megabytes
_CUT_DEPTH = 500

_SIX_FOR_ONE = (b"\\u003c", b"\\u003e", b"\\u0026")
_SIX_FOR_THREE = (b"\\u2028", b"\\u2029")
_METADATA = ("name", "namespace", "uid", "generation", "resourceVersion", "creationTimestamp", "deletionTimestamp")
_HEAD = ("name", "namespace", "uid", "resourceVersion", "labels", "ownerReferences")
_EMPTY = msgspec.Raw(b"{}")

T = TypeVar("T")


class _Object(msgspec.Struct):
    metadata: msgspec.Raw
    apiVersion: str = ""  # noqa: N815 - the API server's name
    kind: str = ""
    spec: msgspec.Raw = _EMPTY
    status: msgspec.Raw = _EMPTY


class _Page(msgspec.Struct):
    metadata: msgspec.Raw
    items: list[msgspec.Raw] | None  # of metadata, an empty list is null


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Spec(msgspec.Struct):
    bundle: msgspec.Raw = _EMPTY


_object, _page, _line = msgspec.json.Decoder(_Object), msgspec.json.Decoder(_Page), msgspec.json.Decoder(_Line)
_spec = msgspec.json.Decoder(_Spec)
_metadata = msgspec.json.Decoder(msgspec.defstruct("_Metadata", [(name, Any, None) for name in _METADATA]))
_head = msgspec.json.Decoder(msgspec.defstruct("_Head", [(name, Any, None) for name in _HEAD]))


class Page(NamedTuple):
    """One page of a list: the text of each object, the list's version, and where the next page starts."""

    items: list[bytes]
    version: str
    more: str


def page_of(text: bytes) -> Page:
    """A page of a LIST, cut. ValueError where it is none."""
    try:
        return _page_of(text)
    except Exception as error:
        raise _no_answer(text, error) from None


def answer_of(kind: str, text: bytes) -> Body:
    """The object that an answer is. ValueError where it is none."""
    try:
        body = body_of(kind, text)
        is_object = isinstance(body["metadata"], dict)
    except Exception as error:
        raise _no_answer(text, error) from None
    if not is_object:
        raise _no_answer(text, KeyError("metadata"))
    return body


def _page_of(text: bytes) -> Page:
    try:
        page = _page.decode(text)
        metadata, items = bytes(page.metadata), [bytes(item) for item in page.items or ()]
    except RecursionError:
        parts = members(text)
        metadata, items = parts["metadata"], entries(parts["items"])
    about = json.loads(metadata)
    version = about.get("resourceVersion") or "0"
    int(version)  # of a list it is compared
    return Page(items, version, about.get("continue") or "")


def _no_answer(text: bytes, error: Exception) -> ValueError:
    return ValueError(f"{type(error).__name__}: {error}: {text[:200].decode(errors='replace')}")


def event_of(line: bytes) -> tuple[str, bytes]:
    """The type of a watch event, and the text of its object."""
    try:
        event = _line.decode(line)
    except RecursionError:
        parts = members(line)
        return str(json.loads(parts["type"])), parts["object"]
    return event.type, bytes(event.object)


async def unhurried(text: bytes, decode: Callable[[], T]) -> T:
    """What `decode` makes of the text; beside the event loop where it is so deep that it has to be cut."""
    if len(text) > LIGHT_BYTES and depth_of(text) > _CUT_DEPTH:
        return await asyncio.to_thread(decode)
    return decode()


def bundle_of(text: bytes) -> Body:
    """A ModelBundle or a ModelEndpoint as the operator keeps it, or its outline."""
    try:
        found = _object.decode(text)
        head = {"apiVersion": found.apiVersion, "kind": found.kind}
        metadata, spec, status = bytes(found.metadata), bytes(found.spec), bytes(found.status)
    except RecursionError:
        parts = members(text)
        head = {name: json.loads(parts.get(name, b'""')) for name in ("apiVersion", "kind")}
        metadata, spec, status = parts["metadata"], parts.get("spec", b"{}"), parts.get("status", b"{}")
    body: Body = {
        **{name: value for name, value in head.items() if value},
        "metadata": _fields(metadata, _METADATA, _metadata),
        "spec": {},
        "status": loads(status) if depth_of(status) <= DEPTH_MAX else {},
        **({HEAVY: True} if len(text) > HEAVY_BYTES else {}),
    }
    reason, message = _unusable(_content(spec))
    if reason is not None:
        return {**body, UNREADABLE: {"reason": str(reason), "message": message}}
    body["spec"] = loads(spec)
    return body


def body_of(kind: str, text: bytes) -> Body:
    """An object's body: one of the two kinds of ours within bounds, any other as it is written."""
    body: Body = bundle_of(text) if kind in OWN_KINDS else loads(text)
    return body


def head_of(text: bytes) -> Body:
    """Of an object of any size or depth who it is and whose: names, uid, version, labels and owners, nothing else."""
    try:
        metadata = bytes(_object.decode(text).metadata)
    except RecursionError:
        metadata = members(text)["metadata"]
    return {"metadata": _fields(metadata, _HEAD, _head)}


def bodies_of(kind: str, texts: Iterable[bytes], skipped: Skipped = lambda kind: None) -> Iterator[Body]:
    """The objects of a page, which names neither kind nor version in them. One that cannot be read is left out, and
    `skipped` is called with its kind."""
    for body in _readable(kind, texts, lambda text: body_of(kind, text), skipped):
        yield {"apiVersion": KINDS[kind].api_version, "kind": kind, **body}


def heads_of(kind: str, texts: Iterable[bytes], skipped: Skipped = lambda kind: None) -> Iterator[Body]:
    """The heads of a page's objects, likewise."""
    return _readable(kind, texts, head_of, skipped)


def _readable(kind: str, texts: Iterable[bytes], read: Callable[[bytes], Body], skipped: Skipped) -> Iterator[Body]:
    for text in texts:
        try:
            body = read(text)
        except Exception:
            skipped(kind)
            log.exception("a %s of %d bytes cannot be read, it is left out: %s...", kind, len(text), text[:300])
        else:
            yield body


def taken(kind: str, body: Body, take: Callable[[Body], T], skipped: Skipped = lambda kind: None) -> T | None:
    """What `take` makes of an object. None where it fails, which is a bug, and `skipped` is called with the kind.

    Anybody may write an object that is read here, and none is to keep another one from being read.
    """
    try:
        return take(body)
    except Exception:
        skipped(kind)
        metadata = body["metadata"]
        log.exception(
            "%s %s/%s cannot be taken in, it is left out", kind, metadata.get("namespace"), metadata.get("name")
        )
        return None


def _unusable(content: bytes) -> tuple[Reason | None, str]:
    # the API server writes <, >, & and two line ends in six characters; an escaped backslash begins none of them
    plain = content.replace(b"\\\\", b"..")
    size = len(content) - 5 * sum(map(plain.count, _SIX_FOR_ONE)) - 3 * sum(map(plain.count, _SIX_FOR_THREE))
    if size > DOCUMENT_MAX + _SLACK:
        return Reason.TOO_LARGE, too_large(size)
    if (depth := depth_of(content)) > DEPTH_MAX:
        return Reason.INVALID_VALUE, (
            f"{_deepest(content)} is nested {depth} levels deep, {DEPTH_MAX} are allowed. spec.bundle is immutable: put"
            " the value into the artifact, in a new bundle under a new name."
        )
    return None, ""


def _deepest(content: bytes) -> str:
    """The path of the field of spec.bundle that is nested deepest."""
    fields = members(content)
    return f"spec.bundle.{max(fields, key=lambda name: depth_of(fields[name]))}"


def _content(spec: bytes) -> bytes:
    try:
        return bytes(_spec.decode(spec).bundle)
    except RecursionError:
        return members(spec).get("bundle", b"{}")


def _fields(text: bytes, names: Iterable[str], decoder: msgspec.json.Decoder[Any]) -> Body:
    """Those of the members of an object that are there, by name."""
    try:
        decoded = decoder.decode(text)
        found = {name: getattr(decoded, name) for name in names}
    except RecursionError:
        parts = members(text)
        found = {name: json.loads(parts[name]) for name in names if name in parts}
    return {name: value for name, value in found.items() if value is not None}
