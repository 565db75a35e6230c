"""What the audit log says of one user, without a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.benchmarks.operator.audit import Audit, counts, last_child, usual_sequence, writes


def line(second: int, verb: str, resource: str, name: str, user: str = "op", code: int = 200, **more: Any) -> str:
    plural, _, sub = resource.partition("/")
    about = {"resource": plural, "namespace": "ns", "name": name, **({"subresource": sub} if sub else {})}
    event = {
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": user, "groups": []},
        "objectRef": about,
        "responseStatus": {"code": code},
        "stageTimestamp": f"2026-01-01T00:00:{second:02d}.500000Z",
        **more,
    }
    return json.dumps(event, separators=(",", ":")) + "\n"


def test_the_calls_of_one_user_since_the_mark(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    file.write_text(line(1, "get", "services", "before"))
    audit = Audit(file)
    audit.mark()
    with file.open("a") as log:
        log.write(line(3, "patch", "modelbundles/status", "a"))
        log.write(line(2, "patch", "services", "a", code=201))
        log.write(line(4, "patch", "services", "b", user="other"))
        log.write(line(5, "watch", "pods", ""))
        log.write(line(6, "update", "leases", "l"))
        log.write(line(7, "get", "pods", "half")[:40])
    calls = audit.calls("op")
    assert counts(calls) == {"patch services": 1, "patch modelbundles/status": 1, "update leases": 1}
    assert writes(calls) == 2
    assert list(last_child(calls)) == [("ns", "a")]


def test_the_usual_sequence_is_that_of_most_bundles(tmp_path: Path) -> None:
    file = tmp_path / "audit.log"
    usual = [("get", "services", ""), ("patch", "services", ""), ("create", "events", ".1")]
    lines = [
        line(at, verb, resource, f"{name}{more}")
        for name in ("a", "b")
        for at, (verb, resource, more) in enumerate(usual)
    ]
    file.write_text("".join([*lines, line(9, "patch", "services", "c")]))
    assert usual_sequence(Audit(file).calls("op")) == ["get services", "patch services", "create events"]
    assert usual_sequence([]) == []
