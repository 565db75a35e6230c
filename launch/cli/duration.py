"""What every option that says how long takes: 90, 90s, 5m, 1h30m."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_PART = r"(\d+(?:\.\d+)?)([smh]?)"
_MOST = 7 * 24 * 3600  # far below where sockets and clocks overflow


def seconds(_context: Any, _parameter: Any, value: str) -> float:
    """An option's callback: the seconds, a week at most."""
    if re.fullmatch(f"(?:{_PART})+", value, re.ASCII) is None:
        raise click.BadParameter(f"{value!r} is not a duration like 90s or 5m")
    total = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, value, re.ASCII))
    if total > _MOST:
        raise click.BadParameter(f"{value!r} is more than a week")
    return total


def some_seconds(context: Any, parameter: Any, value: str) -> float:
    """The same where not to wait at all has no meaning."""
    total = seconds(context, parameter, value)
    if total == 0:
        raise click.BadParameter(f"{value!r} is not a positive duration")
    return total
