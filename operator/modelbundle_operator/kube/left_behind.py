"""The names under which a Deployment stands that no owner holds, as `kubectl delete --cascade=orphan` leaves it.

It is not kept, as nobody asks for it, but a new bundle of its name takes it back with the pods that it runs. All of
them carry our labels, so LIST and watch bring each one: where none is noted here, there is none to ask the API server
for. Not so what was not listed, or is more than is noted, as anybody may put our labels onto any number of objects.
What is heard only once the bundle is known is kept, and a reason for a look.
"""

from modelbundle_operator.api.base import Body
from modelbundle_operator.kube.kept import version_of
from modelbundle_operator.kube.orphans import lost_owner
from modelbundle_operator.loop.key import Key

NAMES_MAX = 10_000


class LeftBehind:
    """Notes Deployments; `observed` and `listed` hear of all that carry our label."""

    def __init__(self) -> None:
        self._versions: dict[Key, int] = {}
        self._listed: set[str | None] = set()
        self._too_many: set[str] = set()  # namespaces of which not all are noted

    def may_be(self, key: Key) -> bool:
        """Whether there may be one of this bundle's name."""
        known = not self._listed.isdisjoint((None, key.namespace)) and key.namespace not in self._too_many
        return not known or key in self._versions

    def observed(self, kind: str, body: Body, is_kept: bool) -> None:
        """An event of one that is there; what is kept is no concern of ours any more."""
        if kind != "Deployment":
            return
        owner = None if is_kept else lost_owner(kind, body)
        if owner is not None:
            self._note(owner, version_of(body))
        else:
            self.gone(kind, body)

    def gone(self, kind: str, body: Body) -> None:
        """It was deleted."""
        if kind == "Deployment":
            self._versions.pop(Key(body["metadata"]["namespace"], body["metadata"]["name"]), None)

    def listed(self, kind: str, namespace: str | None, owners: list[Key], version: int) -> None:
        """A LIST of that version had those of these lost owners and no others; what was heard since is newer."""
        if kind != "Deployment":
            return
        self._listed.add(namespace)
        self._too_many = {each for each in self._too_many if namespace not in (None, each)}
        self._versions = {
            key: at for key, at in self._versions.items() if namespace not in (None, key.namespace) or at > version
        }
        for owner in owners:
            self._note(owner, version)

    def _note(self, owner: Key, version: int) -> None:
        if owner in self._versions or len(self._versions) < NAMES_MAX:
            self._versions[owner] = version
        else:
            self._too_many.add(owner.namespace)
