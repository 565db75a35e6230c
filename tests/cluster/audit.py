"""What the API server's audit log says about one client: the only count that no client can get wrong."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATOR = "system:serviceaccount:modelbundle-system:modelbundle-operator"
LONGEST_LINE = 4 << 20
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


class AuditLog:
    """Reads what was appended since it was made, or since the last `mark`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark()

    def mark(self) -> None:
        """Behind the last line that is whole: the one behind it may be half written."""
        if not self.path.exists():
            self._offset = 0
            return
        with self.path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            begin = log.seek(max(0, size - LONGEST_LINE))
            self._offset = begin + log.read(size - begin).rfind(b"\n") + 1

    def calls(self, user: str = OPERATOR) -> list[dict[str, Any]]:
        """Finished requests of this user since the mark, watches left out."""
        return [
            event
            for event in self._events()
            if event["stage"] == "ResponseComplete"
            and event["user"].get("username") == user
            and event["verb"] != "watch"
        ]

    def everything(self, user: str) -> Iterator[dict[str, Any]]:
        """Every event of this user that the log still has, watches too, whatever the mark."""
        self._offset = 0
        return (event for event in self._events() if event["user"].get("username") == user)

    def _events(self) -> Iterator[dict[str, Any]]:
        with self.path.open() as log:
            log.seek(self._offset)
            for line in log:
                if line.endswith("\n"):  # the last one may be half written
                    yield json.loads(line)


def about(events: list[dict[str, Any]], namespace: str) -> list[dict[str, Any]]:
    return [event for event in events if event.get("objectRef", {}).get("namespace") == namespace]


def counted(events: list[dict[str, Any]]) -> str:
    """For example: 2 patch deployments, 1 get modelbundles."""

    def what(event: dict[str, Any]) -> str:
        reference = event.get("objectRef", {})
        parts = [reference.get("resource", event["requestURI"]), reference.get("subresource")]
        return f"{event['verb']} {'/'.join(part for part in parts if part)}"

    return ", ".join(f"{number} {name}" for name, number in sorted(Counter(map(what, events)).items()))
