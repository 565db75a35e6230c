"""From what the user wrote to what is to run: a bundle's own fields, or a clone's upon those of its base.

A clone reads its base once. What it found is kept in status.resolved, and from then on that record alone is the clone's
content: the base may be deleted, or another may take its name. The record counts for the spec.bundle that it was made
from, and only where that spec bears it out, as who may write status can write anything there. Where status was lost (a
cluster restored from Git), the clone is resolved again. Pure: `find` looks into what the caller knows.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bundle_spec.canonical import bundle_document, canonical
from bundle_spec.document import BundleDocument, digest
from bundle_spec.inherit import changed, inherit, named
from modelbundle_operator.api.names import Base, Bundle, ConditionType, Lineage, ModelBundle, Reason, Resolved, parse
from modelbundle_operator.api.status import ANCESTORS_MAX
from modelbundle_operator.api.verdict import sentence
from modelbundle_operator.bundle.content import Content, content
from modelbundle_operator.errors import BaseUnavailable, Terminal

_LONGEST = 600  # of what is wrong with a base, quoted by each clone of it in turn

# the body of the ModelBundle of this name in the clone's namespace
Find = Callable[[str], dict[str, Any] | None]
# what `awaited_base` says of it
Awaits = Callable[[str], str | None]


@dataclass(frozen=True)
class Resolution(Content):
    """What is to run and where it comes from; `record` is what a clone keeps of it."""

    lineage: Lineage
    record: Resolved | None = None


def nowhere(_: str) -> None:
    """For a bundle that asks for no other."""


def resolve(bundle: ModelBundle, find: Find = nowhere, awaits: Awaits | None = None) -> Resolution:
    """The bundle's content; Terminal says where it is wrong, BaseUnavailable what is the matter with its base.

    `awaits`: where the caller knows that without a look at the body.
    """
    own = resolved_alone(bundle)
    if own is not None:
        return own
    _refuse_cycle(bundle, awaits or (lambda name: awaited_base(find(name))))
    base = _find_base(bundle, find)
    made = content(_inherited(base.resolution, _fields(bundle)), bundle.status.digest)
    above = base.resolution.record
    record = Resolved(
        of=spec_hash(bundle),
        base=Base(name=base.name, uid=base.uid, digest=base.resolution.digest),
        uri=made.uri,
        document=made.canonical,
        ancestors=_nearest_and_first([base.name, *(above.ancestors or [] if above else [])]),
        depth=(base.resolution.lineage.depth or 0) + 1,
    )
    return Resolution(
        **vars(made), lineage=_lineage(record, changed(base.resolution.document, made.document)), record=record
    )


def resolved_alone(bundle: ModelBundle) -> Resolution | None:
    """What needs no other bundle: the content of a bundle of its own, or what a clone has kept. Else None."""
    own = _fields(bundle)
    if bundle.spec.bundle.clone_from is None:
        made = content(own, bundle.status.digest)
        return Resolution(**vars(made), lineage=Lineage(root=bundle.metadata.name, depth=0))
    record = bundle.status.resolved
    if record is None or record.of != spec_hash(bundle) or not (record.uri and record.document):
        return None
    document = _document(record.uri, record.document, own)
    if document is None or not _of_that_base(record, bundle):
        return None
    previous = bundle.status.lineage.changed if bundle.status.lineage else None
    lineage = _lineage(record, None if previous is None else sorted(set(previous) & named(own)))
    return Resolution(document, record.document, digest(record.document.encode()), record.uri, lineage, record)


def _fields(bundle: ModelBundle) -> dict[str, Any]:
    return bundle.spec.bundle.model_dump(by_alias=True, exclude_none=True)


def _document(uri: str, text: str, own: dict[str, Any]) -> BundleDocument | None:
    """The document of a record; None when this clone cannot have been resolved to it.

    What the clone sets can be checked: applied to the document once more, it changes nothing. What it inherits cannot.
    """
    try:
        document: BundleDocument = json.loads(text)
        fields = _with_uri(document, uri)
        Bundle.model_validate({name: value for name, value in fields.items() if name != "schemaVersion"})
        again = canonical(bundle_document(inherit(fields, own))).decode()
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return document if again == text and document.get("envParams") else None


def _of_that_base(record: Resolved, bundle: ModelBundle) -> bool:
    """Whether the record speaks of the base that the clone asks for."""
    asked, base = bundle.spec.bundle.clone_from, record.base
    if asked is None or base is None or base.name != asked.name:
        return False
    return asked.digest in (None, base.digest) and (record.ancestors or [base.name])[0] == base.name


def _lineage(record: Resolved, differs: list[str] | None) -> Lineage:
    """All but the changes is in the record; a line that is not cut has as many bases as it names."""
    assert record.base is not None
    line = record.ancestors or [record.base.name]
    depth = len(line) if len(line) < ANCESTORS_MAX else max(len(line), record.depth or 0)
    return Lineage(root=line[-1], parent=record.base.name, depth=depth, changed=differs)


def _nearest_and_first(line: list[str]) -> list[str]:
    return line if len(line) <= ANCESTORS_MAX else [*line[: ANCESTORS_MAX - 1], line[-1]]


def spec_hash(bundle: ModelBundle) -> str:
    """Which spec.bundle a record was made from."""
    return hashlib.sha256(json.dumps(_fields(bundle), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class _Found:
    name: str
    uid: str
    resolution: Resolution


def _find_base(bundle: ModelBundle, find: Find) -> _Found:
    """The base, resolved and fit; BaseUnavailable otherwise."""
    asked = bundle.spec.bundle.clone_from
    assert asked is not None
    name = asked.name
    body = find(name)
    if body is None or body["metadata"].get("deletionTimestamp"):
        why = "does not exist in this namespace" if body is None else "is being deleted"
        raise BaseUnavailable(
            Reason.BASE_NOT_FOUND,
            f"The base, ModelBundle {name}, {why}. Create it, and the clone continues automatically; or create the"
            " bundle without cloneFrom, under a new name.",
            name,
        )
    try:
        base = parse(body)
        resolution = resolved_alone(base)
    except Terminal as error:
        raise _never_resolved(name, error.message) from None
    if resolution is None and (hopeless := _stalled(base)) is not None:
        raise _never_resolved(name, hopeless)
    if resolution is None:
        raise BaseUnavailable(
            Reason.BASE_NOT_RESOLVED,
            f"The base, ModelBundle {name}, is not resolved itself: `kubectl describe mbun {name}` says why. The clone"
            " continues automatically once it is.",
            name,
        )
    if asked.digest is not None and asked.digest != resolution.digest:
        raise BaseUnavailable(
            Reason.BASE_CHANGED,
            f"The base, ModelBundle {name}, has the digest {resolution.digest}, and spec.bundle.cloneFrom.digest asks"
            f" for {asked.digest}: it is another bundle of that name. Put the one that is asked for back, and the clone"
            " continues automatically; or create a clone of the present one under a new name.",
            name,
            stalled=True,
        )
    return _Found(name, base.metadata.uid, resolution)


def _stalled(base: ModelBundle) -> str | None:
    """Why it cannot become whole, as its status has it."""
    status = base.status
    if status.observed_generation < base.metadata.generation:
        return None
    found = [condition.message for condition in status.conditions or [] if condition.type == ConditionType.STALLED]
    return found[0] if found else None


def _never_resolved(name: str, why: str) -> BaseUnavailable:
    return BaseUnavailable(
        Reason.BASE_NOT_RESOLVED,
        f"The base, ModelBundle {name}, cannot be resolved, and waiting does not help: {sentence(why[:_LONGEST])} Put a"
        f" corrected bundle in the place of {name}, and the clone continues automatically; or create a clone of another"
        " bundle under a new name.",
        name,
        stalled=True,
    )


def _with_uri(document: BundleDocument, uri: str) -> dict[str, Any]:
    return {**document, "artifact": {**document["artifact"], "uri": uri}}


def _inherited(base: Resolution, clone: dict[str, Any]) -> dict[str, Any]:
    try:
        return inherit(_with_uri(base.document, base.uri), clone)
    except ValueError as error:
        raise Terminal(Reason.INVALID_VALUE, str(error).replace("$.", "spec.bundle.")) from None


def awaited_base(body: dict[str, Any] | None) -> str | None:
    """The base that a clone is still to be resolved from; None of what is no clone or has a record."""
    body = body or {}
    if (body.get("status") or {}).get("resolved"):
        return None
    bundle = (body.get("spec") or {}).get("bundle") or {}
    return (bundle.get("cloneFrom") or {}).get("name")


def _refuse_cycle(bundle: ModelBundle, awaits: Awaits) -> None:
    """A bundle that is derived from itself. Only clones that wait for their base can be in a cycle."""
    assert bundle.spec.bundle.clone_from is not None
    first, name = bundle.metadata.name, bundle.spec.bundle.clone_from.name
    line = {first: None}  # in order
    above: str | None = name
    while above is not None and above not in line:
        line[above] = None
        above = awaits(above)
    if above == first:
        raise BaseUnavailable(
            Reason.CLONE_CYCLE,
            f"The clone is derived from itself: {' -> '.join([*line, first])}. Replace one of them by a bundle with"
            " an artifact.",
            name,
            stalled=True,
        )
