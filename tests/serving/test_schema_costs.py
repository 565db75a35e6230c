"""What a schema may cost while it serves: no request holds the server up; over a limit is said at the start."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.serving.conftest import Served
from tools.testkit.cost import unit_seconds
from tools.testkit.pair import REPOSITORY

ANY: dict[str, Any] = {}
PREDICT = "def predict(**fields):\n    return 1\n"
EITHER = {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}
UNION = {
    "$defs": {name: {"type": "object", "properties": {"c": EITHER, name: {"type": "integer"}}} for name in "AB"},
    "$ref": "#/$defs/A",
}
TRIES = {"properties": {"x": {"items": {"pattern": r"^(?:(?=a)a*)*$"}}}}


def within(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"c": 1}
    for _ in range(levels):
        value = {"c": value}
    return value


def processor_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.parametrize(
    ("schema", "fields"),
    [(UNION, within(14)), (UNION, within(40)), (UNION, within(150)), (TRIES, {"x": ["a" * 30 + "b"] * 5_000})],
    ids=["a union", "a deep union", "a deeper union", "patterns"],
)
def test_a_request_that_breaks_its_schema_in_many_ways_takes_little(
    served: Served, schema: dict[str, Any], fields: dict[str, Any]
) -> None:
    pair = served(PREDICT, {"requestSchema": schema, "responseSchema": ANY})
    before = processor_seconds(pair.server_pid)
    refused = pair.predict(**fields)
    assert (refused.status, refused.code) == (422, "RequestSchemaViolation")
    assert processor_seconds(pair.server_pid) - before < 80 * unit_seconds()
    assert pair.predict().status == 200


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"$schema": "http://host/own"}, "is not supported; leave $schema out"),
        ({"properties": {"x": {"pattern": "(("}}}, 'is not a "regex"'),
        ({"$ref": "https://host/other.json"}, "schemas are not fetched"),
        ({"allOf": [{"$ref": "#"}]}, "refers to itself"),
    ],
)
def test_a_server_that_cannot_use_a_schema_says_so_and_ends(bundle: Served, schema: dict[str, Any], says: str) -> None:
    """prepare has said it before; this is the server of a pod whose prepare is of another version."""
    pair = bundle(PREDICT, {"requestSchema": schema, "responseSchema": ANY})
    where = {"MODELBUNDLE_ROOT": str(pair.root), "MODELBUNDLE_DIGEST": pair.digest}
    done = subprocess.run(
        [sys.executable, "-m", "bundle_runtime.server", "--port", "0"],
        cwd=REPOSITORY,
        env={**os.environ, **where, "MODELBUNDLE_TERMINATION_LOG": str(pair.report_file)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert pair.report["reason"] == "InvalidSchema"
    assert says in pair.report["message"]
    assert "Traceback" not in done.stderr
