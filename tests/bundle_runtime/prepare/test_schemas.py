"""prepare proves both schemas before anything is fetched, in a process that they cannot take along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.prepare import schemas
from bundle_runtime.prepare.artifact import prepare
from tools.testkit.artifact_stores import document_for

ANY: dict[str, Any] = {"type": "object"}
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
OTHER = "http://host/own"


def weeks(levels: int = 24) -> dict[str, Any]:
    steps = {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(levels)}
    leaf = {f"a{levels}": {"properties": {"x": True}}}
    return {"$defs": {**steps, **leaf}, "$ref": "#/$defs/a0", "unevaluatedProperties": False}


def gigabytes() -> dict[str, Any]:
    return {"properties": {f"p{i}": {"pattern": r"((\w{30}){30}){28}" + str(i)} for i in range(200)}}


def check(schema: dict[str, Any]) -> RuntimeFailure | None:
    try:
        schemas.check_schemas({"requestSchema": ANY, "responseSchema": schema})
    except RuntimeFailure as failure:
        return failure
    return None


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"properties": {"a": {"pattern": "((("}}}, 'responseSchema.properties.a.pattern: "(((" is not a "regex"'),
        ({"patternProperties": {"[": {}}}, 'responseSchema.patternProperties["["]: "[" is not a "regex"'),
        ({"pattern": "(" * 2000 + ")" * 2000}, "responseSchema.pattern: "),
        ({"$id": "::::"}, "responseSchema: Invalid URI reference '::::'"),
        ({"type": "intger"}, 'responseSchema.type: "intger" is not valid'),
        ({"$schema": OTHER}, f"responseSchema.$schema: '{OTHER}' is not supported; leave $schema out"),
        ({"$schema": DRAFT_7, "required": 1}, "responseSchema.required: 1 is not of type"),
        (weeks(), "has one value checked by more than 2000"),
        (gigabytes(), "one pattern too many"),
    ],
)
def test_what_the_server_could_not_use_is_an_invalid_schema(schema: dict[str, Any], says: str) -> None:
    failure = check(schema)
    assert failure is not None
    assert failure.reason == "InvalidSchema"
    assert says in failure.message
    assert failure.message.endswith("create a corrected bundle under a new name.")


def test_what_no_limit_knows_ends_its_own_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "problem", lambda _: None)
    monkeypatch.setattr(schemas, "CPU_SECONDS", 1)
    too_long, too_much = check(weeks()), check(gigabytes())
    assert too_long is not None
    assert "responseSchema: takes more than 1 s to compile" in too_long.message
    assert too_much is not None
    assert "responseSchema: takes more than 128 MiB of memory to compile" in too_much.message


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (
            "#!/bin/sh\nkill -9 $$\n",
            "compiles spec.bundle.requestSchema was killed, most likely as container or node ran",
        ),
        (None, "cannot start the process that compiles spec.bundle.requestSchema: "),
    ],
)
def test_a_process_that_does_not_come_to_an_end_is_not_the_schemas_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, says: str
) -> None:
    python = tmp_path / "python"
    if program:
        python.write_text(program)
        python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    failure = check(ANY)
    assert failure is not None
    assert failure.reason == "RuntimeCrashed"
    assert says in failure.message


def test_what_is_within_the_limits_compiles_within_them() -> None:
    largest: list[dict[str, Any]] = [
        {"properties": {f"p{i}": {"pattern": "[a-z]{99}"} for i in range(1_000)}},
        {"properties": {f"p{i}": {"pattern": r"^\p{L}+$"} for i in range(480)}},
        {"properties": {f"p{i}": {"pattern": ".{0,99}"} for i in range(100)}},
        {"pattern": r"((\w{30}){30}){100}"},
        weeks(8),
        {"properties": {f"p{i}": {"type": "string"} for i in range(9_000)}},
    ]
    assert [check(schema) for schema in largest] == [None] * len(largest)


def test_nothing_is_fetched_for_a_schema_that_cannot_be_used(tmp_path, layout) -> None:
    """There is no artifact, and nobody notices."""
    document = document_for(b"x", requestSchema={"pattern": "("}, responseSchema=ANY)
    with pytest.raises(RuntimeFailure) as failure:
        prepare(layout, str(tmp_path / "absent"), document, allow_local=True)
    assert failure.value.reason == "InvalidSchema"


def test_bundles_without_schemas_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", None)
    schemas.check_schemas({})
