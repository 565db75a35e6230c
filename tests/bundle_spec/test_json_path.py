"""A path in a message can be given back to `--set` and `blame`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_spec.json_path import inside, read, write

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


@pytest.mark.parametrize(
    ("parts", "text"),
    [((), ""), (("properties", "a b", 0), '.properties["a b"][0]'), ((1, "x"), "[1].x"), (("a.b",), '["a.b"]')],
)
def test_a_path_inside_something_goes_on_after_its_name(parts: tuple[str | int, ...], text: str) -> None:
    assert inside(parts) == text
