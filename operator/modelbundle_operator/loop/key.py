"""What the loop counts in, shared by cache, queue and reconcile: one object of either kind."""

from typing import NamedTuple

from modelbundle_operator.api.names import KIND


class Key(NamedTuple):
    """One ModelBundle, or one object of the other kind."""

    namespace: str
    name: str
    kind: str = KIND

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.kind == KIND else f"{self.kind} {self.namespace}/{self.name}"

    @property
    def place(self) -> tuple[str, str]:
        """Namespace and name alone, where the kind is said otherwise."""
        return self.namespace, self.name

    def bundle(self, name: str) -> "Key":
        """The ModelBundle of this name in the same namespace."""
        return Key(self.namespace, name, KIND)
