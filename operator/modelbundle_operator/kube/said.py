"""What the bundles of each namespace say in their status of a hash that they share: known while one of them says so.

Of another namespace nothing is ever known.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Said(Generic[T]):
    """How many bundles say which words of a hash."""

    def __init__(self) -> None:
        self._said: defaultdict[tuple[str, str], Counter[T]] = defaultdict(Counter)

    def of(self, namespace: str, about: str) -> Iterable[T]:
        """All that is said of it."""
        return self._said.get((namespace, about), Counter())

    def add(self, namespace: str, about: str, words: T) -> None:
        """One bundle more says so."""
        self._said[namespace, about][words] += 1

    def remove(self, namespace: str, about: str, words: T) -> None:
        """One that said so says it no more."""
        said = self._said[namespace, about]
        said[words] -= 1
        if not said[words]:
            del said[words]
        if not said:
            del self._said[namespace, about]
