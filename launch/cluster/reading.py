"""What is read of any kind: all the items of a list, and an object that may not be there."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, TypeVar

from launch.cluster.transport import TIMEOUT_SECONDS, call
from launch.errors import APIError

Value = TypeVar("Value")


def all_items(api: Any, path: str, what: str, query: Mapping[str, str], seconds: float = TIMEOUT_SECONDS) -> List[Any]:
    """Page after page of the query's `limit`, each within so many seconds."""
    asked: Dict[str, str] = dict(query)
    found: List[Any] = []
    while True:
        page = call(api, "GET", path, what, query=asked, seconds=seconds)
        found += page["items"]
        asked["continue"] = (page.get("metadata") or {}).get("continue") or ""
        if not asked["continue"]:
            return found


def absent_is_none(ask: Callable[[], Value]) -> Optional[Value]:
    """What it answers; None where the API server says 404."""
    try:
        return ask()
    except APIError as error:
        if error.status == 404:
            return None
        raise
