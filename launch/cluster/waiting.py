"""Waits for a condition of a bundle or an endpoint, telling what happens meanwhile."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional

from bundle_spec.names import PLURAL, ConditionType
from launch.bundle.conditions import Seen, as_wanted, changes, holds, stalled
from launch.errors import BundleFailedError, InvalidBundleError, WaitTimeoutError, WrongTypeError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection


def with_time(line: str) -> str:
    """The line with the time before it."""
    return f"{time.strftime('%H:%M:%S')} {line}"


def say(line: str) -> None:
    """The line on stderr, with the time before it."""
    print(with_time(line), file=sys.stderr, flush=True)


def wait(
    connection: "Connection",
    name: str,
    wanted: str,
    timeout: float,
    tell: Callable[[str], None],
    plural: str = PLURAL,
) -> Dict[str, Any]:
    """The object for which TYPE or TYPE=STATUS holds, as `wait_until` gives it.

    Ready counts once nothing is under way any more: while new pods start, the old ones answer and Ready is True.
    """
    kind, _, status = as_wanted(wanted).partition("=")

    def is_so(found: Mapping[str, Any]) -> bool:
        under_way = kind == ConditionType.READY and status in ("", "True") and holds(found, ConditionType.RECONCILING)
        return holds(found, wanted) and not under_way

    return wait_until(connection, name, is_so, timeout, tell, plural, wanted, kind == ConditionType.STALLED)


def wait_until(
    connection: "Connection",
    name: str,
    is_so: Callable[[Mapping[str, Any]], bool],
    timeout: float,
    tell: Callable[[str], None],
    plural: str = PLURAL,
    wanted: str = ConditionType.READY,
    stalled_is_fine: bool = False,
) -> Dict[str, Any]:
    """The object once it is so; each change of its conditions is one line to `tell`.

    BundleFailedError when it was deleted or is Stalled, WaitTimeoutError after `timeout` seconds.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise WrongTypeError(f"timeout must be a number of seconds, it is {timeout!r}")
    if not 0 <= timeout < float("inf"):
        raise InvalidBundleError(f"timeout must be a number of seconds, 0 or more, it is {timeout}")
    seen: Seen = {}
    last: Optional[Dict[str, Any]] = None
    for found in connection.watch(plural, name, timeout):
        if found is None:
            raise BundleFailedError(f"{name} was deleted", "NotFound")
        last = found
        seen, lines = changes(seen, found)
        for line in lines:
            tell(line)
        if is_so(found):
            return found
        if stalled(found) and not stalled_is_fine:
            raise BundleFailedError(f"{name} is stalled: {stalled(found)}", ConditionType.STALLED.value)
    why = _ready(last) if ((last or {}).get("status") or {}).get("conditions") else "no operator has looked at it"
    raise WaitTimeoutError(f"{name} was not {wanted} within {timeout:.0f} s; {why}")


def _ready(found: Optional[Mapping[str, Any]]) -> str:
    for condition in ((found or {}).get("status") or {}).get("conditions") or []:
        if condition["type"] == ConditionType.READY:
            return f"Ready={condition['status']} {condition.get('reason', '')}: {condition.get('message', '')}"
    return "it has no condition Ready"
