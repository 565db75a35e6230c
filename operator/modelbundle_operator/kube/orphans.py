"""Children that no owner holds any more: `kubectl delete --cascade=orphan` leaves what serves, and nothing manages it.

Found by the resync, which lists everything that carries the operator's label. Anybody may put that label onto any
number of objects, so of each kind only the count and some names are kept.
"""

import logging
from collections.abc import Callable

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import KIND, LABEL_BUNDLE
from modelbundle_operator.kube.kept import controller_of
from modelbundle_operator.kube.kinds import ALL_CHILD_KINDS, JOB_KIND, OWNER_LABELS
from modelbundle_operator.loop.key import Key

log = logging.getLogger(__name__)

NAMES_MAX = 20
_KINDS = (*ALL_CHILD_KINDS, JOB_KIND)


def lost_owner(kind: str, body: Body) -> Key | None:
    """The owner that a child's label names and no ownerReference does; None where there is one, or never was."""
    if kind not in _KINDS or controller_of(body) is not None:
        return None
    metadata = body["metadata"]
    labels = metadata.get("labels") or {}
    if kind == JOB_KIND:  # it has a name of its own
        bundle = labels.get(LABEL_BUNDLE)
        return Key(metadata["namespace"], bundle, KIND) if bundle else None
    own = next((own for own, label in OWNER_LABELS.items() if labels.get(label) == metadata["name"]), None)
    return None if own is None else Key(metadata["namespace"], metadata["name"], own)


class Orphans:
    """What the last LIST of each kind and namespace found; names are logged once."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str | None], int] = {}
        self._logged: set[tuple[str, Key]] = set()

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        counts = dict.fromkeys(_KINDS, 0)
        for (kind, _), count in self._counts.items():
            counts[kind] += count
        return counts

    def listed(self, kind: str, namespace: str | None, owners: list[Key], knows: Callable[[str, Key], bool]) -> None:
        """Of this kind, a LIST found children of these lost owners. One that exists takes its child back itself."""
        if kind not in _KINDS:
            return
        found = [owner for owner in owners if not knows(owner.kind, owner)]
        self._counts[kind, namespace] = len(found)
        new = {(kind, owner) for owner in found[:NAMES_MAX]} - self._logged
        for _, owner in sorted(new):
            log.warning(
                "%s %s/%s has no %s any more (deleted with --cascade=orphan?), and nothing manages it: delete it, or"
                " create the %s again, which takes it back",
                f"{kind} of" if kind == JOB_KIND else kind, *owner.place, owner.kind, owner.kind,
            )  # fmt: skip
        within = {each for each in self._logged if each[0] == kind and namespace in (None, each[1].namespace)}
        self._logged = (self._logged - within) | {(kind, owner) for owner in found[:NAMES_MAX]}
