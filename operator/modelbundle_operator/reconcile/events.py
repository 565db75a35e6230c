"""Kubernetes Events: what `kubectl describe` shows of an object's past.

Only a change that has happened is an event, and only one that a person would act on or wait for: Ready's reason, its
status, Stalled, or that what runs is not what ran first. Same words as the conditions. An event that cannot be written
is logged and let go: the conditions are the truth, events are the story.
"""

import logging
import os
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from modelbundle_operator.api.names import FIELD_MANAGER, GROUP, Reason
from modelbundle_operator.api.status_fields import CommonStatusFields, ConditionFields
from modelbundle_operator.api.times import timestamp_micros
from modelbundle_operator.errors import NotLeading
from modelbundle_operator.kube.cluster import Cluster

log = logging.getLogger(__name__)

_NOTE_BYTES = 1000  # the API server takes 1024
_CUT = " [...] "
_INSTANCE = f"{FIELD_MANAGER}-{os.environ.get('HOSTNAME') or socket.gethostname()}"[:128]
# reasons that no condition has: nothing is wrong once it is said, and the bundle serves all the same
EDIT_UNDONE = "EditUndone"
BUDGET_REFUSED = "BudgetRefused"
_QUIET = frozenset({Reason.PROGRESSING})


def changes(before: CommonStatusFields, after: CommonStatusFields) -> list[tuple[str, str, str]]:
    """(type, reason, message) of each event that the step from one status to the next justifies."""
    old, new = _conditions(before), _conditions(after)
    found: list[tuple[str, str, str]] = []
    for name in ("Ready", "Reconciling"):
        was, now = old.get(name), new.get(name)
        if now is None or now["reason"] in _QUIET:
            continue
        if was is not None and (was["status"], was["reason"]) == (now["status"], now["reason"]):
            continue
        if name == "Reconciling" and now["reason"] == new["Ready"]["reason"]:
            continue  # Ready has said it
        good = name == "Ready" and now["status"] == "True"
        found.append(("Normal" if good else "Warning", now["reason"], now["message"]))
    was, now = old.get("Reproducible"), new.get("Reproducible")
    if now is not None and now["status"] == "False" and (was is None or was["reason"] != now["reason"]):
        found.append(("Warning", now["reason"], now["message"]))
    return found


def event(
    about: Mapping[str, Any], kind: str, reason: str, message: str, now: datetime, index: int = 0
) -> dict[str, Any]:
    """The Event object; `index` tells those of one write apart."""
    metadata = about["metadata"]
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name']}.{int(now.timestamp() * 1_000_000) + index:x}",
            "namespace": metadata["namespace"],
        },
        "eventTime": timestamp_micros(now),
        "type": kind,
        "reason": reason,
        "action": "Reconcile",
        "note": _note(message),
        "regarding": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "reportingController": f"{GROUP}/operator",
        "reportingInstance": _INSTANCE,
    }


def _note(message: str) -> str:
    """Of a message that is too long the middle goes: it begins with what happened and ends with what to do about it."""
    data = message.encode()
    if len(data) <= _NOTE_BYTES:
        return message
    head = (_NOTE_BYTES - len(_CUT)) * 2 // 5
    tail = _NOTE_BYTES - len(_CUT) - head
    return data[:head].decode(errors="ignore") + _CUT + data[-tail:].decode(errors="ignore")


async def announce(
    cluster: Cluster,
    about: Mapping[str, Any],
    before: CommonStatusFields,
    after: CommonStatusFields,
    now: datetime,
) -> None:
    """Write the events that a status write justifies."""
    for index, change in enumerate(changes(before, after)):
        await tell(cluster, about, *change, now, index)


async def tell(
    cluster: Cluster, about: Mapping[str, Any], kind: str, reason: str, message: str, now: datetime, index: int = 0
) -> None:
    """Write one event, if that is possible."""
    key = "{namespace}/{name}".format(**about["metadata"])
    log.info("%s: %s: %s", key, reason, message, extra={"bundle": key, "reason": reason})
    try:
        await cluster.create_event(event(about, kind, reason, message, now, index))
    except NotLeading:
        pass  # another one leads, and writes its own
    except Exception as error:
        log.warning("%s: the event could not be written: %s", key, error)


def _conditions(status: CommonStatusFields) -> dict[str, ConditionFields]:
    return {condition["type"]: condition for condition in status.get("conditions") or []}
