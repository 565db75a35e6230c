"""Quantities of Kubernetes, such as 2, 0.5, "500m", "8Gi" or "1e9", as numbers. Pure, and Python 3.8+."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Optional

_SCALE = {"": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal(1000)}
for _power, _letter in enumerate("KMGTPE", 1):
    _SCALE.update({_letter: Decimal(1000**_power), f"{_letter}i": Decimal(1024**_power)})
del _SCALE["K"]
_QUANTITY = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3})|([numkMGTPE]|[KMGTPE]i)?)")


def amount(quantity: Any) -> Optional[Decimal]:
    """None where it is not a quantity."""
    found = _QUANTITY.fullmatch(str(quantity))
    if not found:
        return None
    return Decimal(f"{found[1]}e{found[2]}") if found[2] else Decimal(found[1]) * _SCALE[found[3] or ""]


def amount_or_zero(quantity: Any) -> Decimal:
    """0 where it is not a quantity."""
    return amount(quantity) or Decimal(0)


def whole_cpus(quantity: Any) -> int:
    """The CPUs that a pod with this much of them has threads for: a part of one counts as one."""
    cpus = amount(quantity)
    if cpus is None:
        raise ValueError(f"resources.cpu is {quantity!r}, which is not a quantity such as 2 or 500m")
    return max(1, math.ceil(cpus))
