"""What the bundles of a start hold: their requirements and their weights, and how often each is started. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WHEELS = 8  # that the large list is made of
FILE_MIB = 8  # of each file in them
MODULES = tuple(f"bulk{number}" for number in range(WHEELS))
PANDAS = "pandas==2.2.3"
# what pandas needs and the cluster's own index does not have
BESIDE_PANDAS = ("python-dateutil==2.9.0.post0", "pytz==2024.2", "six==1.16.0", "tzdata==2024.2")
SECTIONS = ("nothing", "libraries", "wheels", "weights")


@dataclass(frozen=True)
class Content:
    """`imports` are what the function imports of `lines`; `weights_mib` lie in the artifact, and are read once."""

    section: str
    name: str
    lines: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    weights_mib: int = 0

    @property
    def large(self) -> bool:
        return self.section in ("wheels", "weights")


def contents(large_mib: int) -> list[Content]:
    return [
        Content("nothing", "no requirements"),
        Content(
            "libraries",
            "scikit-learn and pandas",
            ("scikit-learn==1.5.2", PANDAS),
            ("sklearn.linear_model", "pandas"),
        ),
        Content("wheels", f"{size(large_mib)} of wheels", tuple(f"{name}==1.0" for name in MODULES), MODULES),
        Content("weights", f"{size(large_mib)} of weights", weights_mib=large_mib),
    ]


def size(mib: int) -> str:
    return f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"


def turns(of: Sequence[Content], rounds: int, large_rounds: int) -> list[tuple[Content, int]]:
    """Each content with the number of its round, spread so that each is always about as far as the others: a run that
    ends early has some rounds of all."""
    found = []
    for at, content in enumerate(of):
        most = large_rounds if content.large else rounds
        found += [((number - 0.5) / most, at, content, number) for number in range(1, most + 1)]
    return [(content, number) for _, _, content, number in sorted(found, key=lambda each: each[:2])]
