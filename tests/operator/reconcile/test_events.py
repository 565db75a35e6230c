"""Which step from one status to the next is worth an event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from modelbundle_operator.api.status_fields import CommonStatusFields, ConditionFields
from modelbundle_operator.reconcile.events import changes, event

from tools.testkit.cluster_objects import model_bundle

Body = dict[str, Any]


def condition(kind: str, state: str, reason: str, message: str) -> ConditionFields:
    return {
        "type": kind,
        "status": state,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": 1,
    }


def status(ready: tuple[str, str] | None = None, reconciling: str = "", message: str = "m") -> CommonStatusFields:
    conditions = [condition("Ready", *ready, message)] if ready else []
    if reconciling:
        conditions.append(condition("Reconciling", "True", reconciling, "why"))
    return {"conditions": conditions}


NOTHING, SERVING, PROGRESSING = status(), status(("True", "Serving")), status(("False", "Progressing"), "Progressing")
FAILED = status(("False", "LoadFailed"), "LoadFailed")

ROWS = [
    ("the first steps are not announced", NOTHING, PROGRESSING, []),
    ("it serves", PROGRESSING, SERVING, [("Normal", "Serving")]),
    ("it fails: said once, by Ready", PROGRESSING, FAILED, [("Warning", "LoadFailed")]),
    ("the same again in other words", FAILED, status(("False", "LoadFailed"), "LoadFailed", "another message"), []),
    (
        "a roll-out fails while it serves",
        SERVING,
        status(("True", "Serving"), "LoadFailed"),
        [("Warning", "LoadFailed")],
    ),
    ("a roll-out begins", SERVING, status(("True", "Serving"), "Progressing"), []),
    ("a roll-out ends", status(("True", "Serving"), "Progressing"), SERVING, []),
    ("it is stored", NOTHING, status(("True", "Stored")), [("Normal", "Stored")]),
]


@pytest.mark.parametrize(("why", "before", "after", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_only_a_change_that_a_user_waits_for(
    why: str, before: CommonStatusFields, after: CommonStatusFields, expected: list[Any]
) -> None:
    assert [(kind, reason) for kind, reason, _ in changes(before, after)] == expected, why


def test_the_events_of_one_write_have_names_of_their_own() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    names = {event(model_bundle(), "Warning", "A", "m", now, index)["metadata"]["name"] for index in range(3)}
    assert len(names) == 3


def test_an_event_fits_what_the_api_server_takes() -> None:
    made = event(model_bundle(), "Warning", "LoadFailed", "é" * 5000, datetime(2026, 1, 1, tzinfo=UTC))
    assert len(made["note"].encode()) <= 1024
    assert made["regarding"]["uid"] == "uid-of-llama"
    assert made["eventTime"] == "2026-01-01T00:00:00.000000Z"
    assert made["metadata"]["name"].startswith("llama.")


def test_an_event_keeps_what_happened_and_what_to_do_of_a_long_message() -> None:
    message = f"worker says: it raised {'é' * 3000}. Do this. [docs/how-to/troubleshooting.md#code-raises]"
    note = event(model_bundle(), "Warning", "LoadFailed", message, datetime(2026, 1, 1, tzinfo=UTC))["note"]
    assert note.startswith("worker says: it raised é")
    assert note.endswith("Do this. [docs/how-to/troubleshooting.md#code-raises]")
    assert " [...] " in note
    assert len(note.encode()) <= 1024
