"""What a public list of requirements became on one image, and a row of such lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Came:
    """`reason` is that of install's report, "" where all is installed; where `says` is not empty then, the import fails
    with it. `advice` is the row of known failures that is added to the words; of several, that of the build that fails
    first."""

    reason: str = ""
    says: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


INSTALLED = Came()


def refused(reason: str, *says: str, advice: tuple[str, ...] = ()) -> Came:
    """By install, with this in its message."""
    return Came(reason, says, advice)


def breaks(advice: str, says: str) -> Came:
    """Installed, and the import fails: the worker says what to do."""
    return Came("", (says,), (advice,))


@dataclass(frozen=True)
class PublicList:
    """Lines of a requirements list, its repository and path, what is imported, and what came of it on each image.

    `before` is what client and operator say before a pod starts. `extra` are stand-ins, by name and version, at an
    index beside: what the list needs and is too large for a test.
    """

    repository: str
    path: str
    lines: tuple[str, ...]
    imports: str
    bare: Came
    numpy: Came
    torch: Came
    before: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> str:
        return f"{self.repository} {self.path}"


def odd(repository: str, path: str, *lines: str, before: tuple[str, ...], install: str = "") -> PublicList:
    """A list that no image takes, as some of its lines are no requirements: the same is said on all."""
    came = refused("InstallFailed", *([install] if install else before))
    return PublicList(repository, path, lines, "", came, came, came, before)
