"""Quantities as numbers, and the threads for so much CPU: whole ones, and one at least."""

from decimal import Decimal

import pytest

from bundle_spec.quantity import amount, whole_cpus


@pytest.mark.parametrize(
    ("quantity", "cpus"),
    [
        (4, 4),
        ("4", 4),
        (0, 1),
        ("0", 1),
        ("1m", 1),
        ("500m", 1),
        ("0.5", 1),
        ("1000m", 1),
        ("1001m", 2),
        ("1500m", 2),
        ("1.5", 2),
        ("2.0", 2),
        ("2.0000000000000001", 3),
        ("0.1k", 100),
        ("1Ki", 1024),
        ("0.0001M", 100),
        (0.5, 1),
        (1.5, 2),
        ("1e1", 10),
        (".5", 1),
    ],
)
def test_a_part_of_a_cpu_counts_as_one(quantity, cpus):
    assert whole_cpus(quantity) == cpus


@pytest.mark.parametrize("quantity", ["", "m", "-1", "1 ", "2cores", "1e", "1e3m", ".", "1mi", "1ki", None, True])
def test_what_is_not_a_quantity_is_named(quantity):
    with pytest.raises(ValueError, match=f"resources.cpu is {quantity!r}"):
        whole_cpus(quantity)
    assert amount(quantity) is None


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
        ("1E", "1000000000000000000"),
        ("1Ei", "1152921504606846976"),
        ("1n", "0.000000001"),
        ("1u", "0.000001"),
        ("1e9", "1000000000"),
        ("1E+3", "1000"),
        ("1.5e-3", "0.0015"),
        (1e-07, "0.0000001"),
        (1e9, "1000000000"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1K", None),
        ("1mi", None),
        ("Gi", None),
    ],
)
def test_numbers(quantity, number):
    assert amount(quantity) == (None if number is None else Decimal(number))
