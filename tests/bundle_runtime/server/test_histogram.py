from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bundle_runtime.server.histogram import BOUNDS, Histogram

SECONDS = st.one_of(st.sampled_from(BOUNDS), st.floats(0.0, 1000.0))


@given(st.lists(SECONDS))
def test_many_at_a_time_are_counted_like_one_after_the_other(seconds: list[float]) -> None:
    together, alone = Histogram(), Histogram()
    for each in seconds:
        alone.observe(each)
    together.observe_all(list(seconds))
    assert together.counts == alone.counts
    assert abs(together.total - alone.total) < 1e-6
    assert together.buckets()[-1] == ("+Inf", len(seconds))
