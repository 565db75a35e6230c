"""Quantities of Kubernetes, such as 2, "500m" or "8Gi", as numbers. Pure, and Python 3.8+."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Optional

_SCALE = {"": Decimal(1), "m": Decimal("0.001"), "k": Decimal(1000)}
for _power, _letter in enumerate("KMGTP", 1):
    _SCALE.update({_letter: Decimal(1000**_power), f"{_letter}i": Decimal(1024**_power)})
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|[MGTP]i?|Ki|)")


def amount(quantity: Any) -> Optional[Decimal]:
    """None where it is not a quantity."""
    found = _QUANTITY.fullmatch(str(quantity))
    return Decimal(found[1]) * _SCALE[found[2]] if found else None


def whole_cpus(quantity: Any) -> int:
    """The CPUs that a pod with this much of them has threads for: a part of one counts as one."""
    cpus = amount(quantity)
    if cpus is None:
        raise ValueError(f"resources.cpu is {quantity!r}, which is not a quantity such as 2 or 500m")
    return max(1, math.ceil(cpus))
