"""What the API server's audit log says of one user, a count that no client gets wrong: which calls, how many, when."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_APART = frozenset({"leases"})


class Called(NamedTuple):
    """One call that was answered."""

    at: float  # seconds since the epoch, as the answer went out
    verb: str
    resource: str  # with its subresource
    namespace: str
    name: str
    status: int

    @property
    def what(self) -> str:
        return f"{self.verb} {self.resource}"


class Audit:
    """Reads what was appended since the last `mark`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def mark(self) -> None:
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    def calls(self, user: str) -> list[Called]:
        """In the order of their answers; watches left out, which are answered when they end."""
        wanted = json.dumps({"username": user}, separators=(",", ":"))[1:-1].encode()
        found = []
        with self._path.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if wanted in line and line.endswith(b"\n"):
                    event = json.loads(line)
                    if event["stage"] == "ResponseComplete" and event["verb"] != "watch":
                        found.append(_called(event))
        return sorted(found)


def counts(calls: list[Called]) -> dict[str, int]:
    """By verb and resource, most first."""
    return dict(Counter(call.what for call in calls).most_common())


def writes(calls: list[Called]) -> int:
    return sum(call.verb in WRITES and call.resource not in _APART for call in calls)


def by_bundle(calls: list[Called]) -> dict[tuple[str, str], list[Called]]:
    """Calls about one name, which is a bundle's and its children's; Events name themselves after it."""
    found: defaultdict[tuple[str, str], list[Called]] = defaultdict(list)
    for call in calls:
        if call.namespace and call.name:
            found[call.namespace, call.name.partition(".")[0]].append(call)
    return dict(found)


def usual_sequence(calls: list[Called]) -> list[str]:
    """What is called for a bundle, in order: the sequence that most bundles had."""
    sequences = Counter(tuple(call.what for call in each) for each in by_bundle(calls).values())
    return list(sequences.most_common(1)[0][0]) if sequences else []


def last_child(calls: list[Called]) -> dict[tuple[str, str], float]:
    """When the last child of each bundle was created."""
    found: dict[tuple[str, str], float] = {}
    for call in calls:
        if call.status == 201 and call.resource in ("configmaps", "services", "deployments"):
            found[call.namespace, call.name] = call.at
    return found


def _called(event: dict[str, Any]) -> Called:
    about = event.get("objectRef") or {}
    resource = "/".join(part for part in (about.get("resource", "(discovery)"), about.get("subresource")) if part)
    at = datetime.fromisoformat(event["stageTimestamp"]).timestamp()
    status = (event.get("responseStatus") or {}).get("code", 0)
    return Called(at, event["verb"], resource, about.get("namespace", ""), about.get("name", ""), status)
