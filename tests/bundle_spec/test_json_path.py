"""A path in a message can be given back to `--set` and `blame`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_spec.json_path import read, write

PARTS = st.lists(st.text() | st.sampled_from(["$", "$ref"]) | st.integers(0, 10**6), min_size=1, max_size=5).map(tuple)


@given(PARTS)
def test_what_is_written_is_read_back(parts):
    assert read(write(parts)) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("appConfig", ("appConfig",)),
        ("appConfig.mode", ("appConfig", "mode")),
        ("$.appConfig.mode", ("appConfig", "mode")),
        ("requirements[0]", ("requirements", 0)),
        ('appConfig["a.b"].c', ("appConfig", "a.b", "c")),
        ("appConfig.0", ("appConfig", "0")),
    ],
)
def test_what_people_write(text, parts):
    assert read(text) == parts


@pytest.mark.parametrize(
    "text", ["", "$", "a..b", ".a", "a.", "a[x]", "a[", "a b", "a=b", "a]", 'a["x]', "a[0]b", "$a.b.="]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(ValueError, match=r"path"):
        read(text)
