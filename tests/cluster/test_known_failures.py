"""Known failures of the table, made to happen in real pods: what Ready says ends with the row, as in one process.

Some at a time, as a node has room for so many pods. By default a class of a notebook, of which Python speaks otherwise
in a pod than in a test's process, and seven drawn by a fixed seed; `make soak` has all.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

import pytest

from tests.cluster.known_failures import InAPod, rows
from tools.testkit.kubectl import Manifest, apply, condition, kubectl, list_all
from tools.testkit.soak import SOAK
from tools.testkit.store import Store

AT_ONCE = 8
ALWAYS = "notebook-class"


def drawn() -> list[InAPod]:
    """What is made to happen in this run."""
    found = rows()
    if SOAK:
        return found
    always = [row for row in found if row.code == ALWAYS]
    return [*always, *random.Random(16).sample([row for row in found if row.code != ALWAYS], AT_ONCE - 1)]


ROWS = drawn()
PATIENCE = 180
_ROW = re.compile(r"\[docs/how-to/troubleshooting\.md#([\w-]+)\]$")

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("first", range(0, len(ROWS), AT_ONCE))
def test_what_ready_says_ends_with_the_row(
    operator: object, namespace: str, store: Store, show: Callable[[str], None], first: int
) -> None:
    batch = {row.code: row for row in ROWS[first : first + AT_ONCE]}
    apply(*(row.make(store, namespace) for row in batch.values()), namespace=namespace)
    said = _said(set(batch), namespace)
    right = [code for code in batch if (found := _ROW.search(said[code])) and found[1] == code]
    show(f"{len(right)} of {len(batch)} known failures were told in pods: {', '.join(batch)}")
    kubectl("delete", "modelbundle", *batch, "--wait=false", namespace=namespace)
    assert {code: said[code] for code in batch if code not in right} == {}


def _said(codes: set[str], namespace: str) -> dict[str, str]:
    """The message of Ready of each, as soon as all end with a row; or what they say when time is up."""
    deadline = time.monotonic() + PATIENCE
    while True:
        said = {one["metadata"]["name"]: _message(one) for one in list_all("modelbundles", namespace)}
        if all(_ROW.search(said.get(code, "")) for code in codes) or time.monotonic() > deadline:
            return {code: said.get(code, "") for code in codes}
        time.sleep(1)


def _message(bundle: Manifest) -> str:
    ready = condition(bundle, "Ready")
    return str(ready.get("message", "")) if ready.get("status") == "False" else ""
