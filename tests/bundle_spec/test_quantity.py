"""Quantities as numbers."""

from decimal import Decimal

import pytest

from bundle_spec.quantity import amount


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        (2, "2"),
        ("2.50", "2.5"),
        ("1m", "0.001"),
        ("1k", "1000"),
        ("1Ki", "1024"),
        ("1M", "1000000"),
        ("1Mi", "1048576"),
        ("1.5Gi", "1610612736"),
        ("1T", "1000000000000"),
        ("1Pi", "1125899906842624"),
        ("1K", None),
        ("1mi", None),
        ("Gi", None),
        ("", None),
        ("-1", None),
        ("1 ", None),
        ("1e3", None),
        (None, None),
    ],
)
def test_numbers(quantity, number):
    assert amount(quantity) == (None if number is None else Decimal(number))
