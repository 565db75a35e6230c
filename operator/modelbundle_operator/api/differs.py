"""Whether an object is as it was asked for, where the API server fills in defaults and writes values its own way."""

from typing import Any

from bundle_spec.quantity import amount


def differs(live: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether `live` lacks or contradicts anything of `wanted`; what only `live` has does not count."""
    return _differs(live, wanted, quantity=False)


def _differs(live: Any, wanted: Any, quantity: bool) -> bool:
    if isinstance(wanted, dict):
        if not isinstance(live, dict):
            return True
        below = quantity or bool(wanted.keys() & {"requests", "limits"})
        return any(
            _differs(live.get(key), value, quantity=below or key == "sizeLimit") for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        if not isinstance(live, list) or len(live) != len(wanted):
            return True
        return any(_differs(one, other, quantity) for one, other in zip(live, wanted, strict=True))
    if live is None:
        return wanted not in (None, "")  # the API server leaves empty strings out
    return live != wanted and not (quantity and _same_quantity(live, wanted))


def _same_quantity(one: Any, other: Any) -> bool:
    amounts = [amount(value) for value in (one, other)]
    return amounts[0] is not None and amounts[0] == amounts[1]
