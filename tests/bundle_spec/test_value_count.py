"""A bundle of too many values is refused with the field, the figure and the limit."""

import json

import pytest

from bundle_spec.canonical import bundle_document
from bundle_spec.value_count import LARGEST_COUNT, check_count, count_values

ARTIFACT = {"sha256": "0" * 64, "packaging": "cloudpickle"}


@pytest.mark.parametrize(
    ("value", "count"),
    [(1, 1), ("text", 1), (None, 1), ([], 1), ({}, 1), ([1, 2], 3), ({"a": {"b": [1]}}, 4), ((1, (2,)), 4)],
)
def test_each_value_counts_once_and_so_does_what_holds_it(value, count):
    assert count_values(value) == count


@pytest.mark.parametrize("beyond", [0, 1])
def test_the_largest_bundle_passes_and_one_value_more_does_not(beyond):
    rest = sum(
        count_values(value) for value in bundle_document({"artifact": ARTIFACT, "appConfig": {"a": []}}).values()
    )
    document = bundle_document({"artifact": ARTIFACT, "appConfig": {"a": [1] * (LARGEST_COUNT - rest + beyond)}})
    if not beyond:
        check_count(document)
        return
    with pytest.raises(ValueError, match=rf"\$\.appConfig has \d+ values and the bundle {LARGEST_COUNT + 1}, where"):
        check_count(document)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"appConfig": {"a": [1] * 30_000}}, r"\$\.appConfig has 30002 values .* 20000 are allowed: .*appConfigJSON"),
        ({"requestSchema": {"enum": [1] * 30_000}}, r"\$\.requestSchema has 30002 values .*: leave some out"),
        ({"appConfig": {"a": [1] * 12_000}, "requestSchema": {"enum": [1] * 11_000}}, r"\$\.appConfig has 12002 "),
    ],
)
def test_the_largest_field_is_named(fields, said):
    with pytest.raises(ValueError, match=said):
        check_count(bundle_document({"artifact": ARTIFACT, **fields}))


def test_as_one_text_there_may_be_more():
    check_count(bundle_document({"artifact": ARTIFACT, "appConfigJSON": json.dumps({"a": [1] * 30_000})}))
