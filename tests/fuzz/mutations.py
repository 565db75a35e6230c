"""Seeds changed as a broken or hostile peer would change them, by hypothesis: for the short runs of the test suite, and
for the long ones where atheris does not install."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.tokens import TOKENS

_edits = st.lists(
    st.tuples(
        st.sampled_from(("replace", "insert", "delete", "repeat", "token")),
        st.integers(0, 2**16),
        st.binary(min_size=1, max_size=8),
        st.sampled_from(TOKENS),
    ),
    max_size=6,
)


def _edited(data: bytes, edits: list[tuple[str, int, bytes, bytes]]) -> bytes:
    for kind, place, some, token in edits:
        at = place % (len(data) + 1)
        before, after = data[:at], data[at:]
        if kind == "replace":
            data = before + some + after[len(some) :]
        elif kind == "delete":
            data = before + after[place % 32 :]
        elif kind == "repeat":
            data = before + after[: place % 200] + after
        else:
            data = before + (some if kind == "insert" else token) + after
    return data


def run(check: Callable[[bytes], None], seeds: Sequence[bytes], number: int, examples: int) -> None:
    """So many inputs, the same for the same number; raises what ``check`` does for the smallest that breaks it."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.builds(_edited, st.sampled_from(seeds), _edits))
    def one(data: bytes) -> None:
        check(data)

    one()
