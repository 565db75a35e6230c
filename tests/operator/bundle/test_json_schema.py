"""What the operator says of a bundle's schemas, without compiling any."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.bundle.json_schema import check_schema

from tools.testkit.cost import units


def doubled(levels: int, **more: Any) -> dict[str, Any]:
    steps = {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(levels)}
    return {"$defs": {**steps, f"a{levels}": {"properties": {"x": True}}}, "$ref": "#/$defs/a0", **more}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "intger"}, ".type: \"intger\" is not valid under any of the schemas listed in the 'anyOf' keyword"),
        ({"properties": {"x": {"items": [{}]}}}, ".properties.x.items: is a list, as it was before 2020-12"),
        ({"minimum": 1, "exclusiveMinimum": True}, ".exclusiveMinimum: is true or false, as in draft 4"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "required": 1}, ".required: 1 is not of type"),
        ({"required": ["x", True]}, '.required[1]: true is not of type "string". A name such as y, n, on or off'),
        ({"minLength": -1}, ".minLength: -1 is less than the minimum of 0"),
        ({"$id": "#here"}, ".$id: "),
        ({"$ref": "https://host/s.json"}, ".$ref: schemas are not fetched ('https://host/s.json'): copy"),
        ({"$ref": "#/$defs/A"}, ".$ref: '#/$defs/A' is nowhere in the schema: copy"),
        ({"$schema": "http://host/"}, ".$schema: 'http://host/' is not supported; leave $schema out"),
        (doubled(13, unevaluatedProperties=False), "has one value checked by more than 2000"),
        (doubled(24, unevaluatedProperties=False), "has one value checked by more than 2000"),
        (nested(130), "is nested more than 200 deep"),
        (nested(9_900), "is nested more than 200 deep"),
        ({"properties": {f"p{i}": {"pattern": r"((\w{30}){30}){28}"} for i in range(200)}}, "one pattern too many"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_at_once(schema: dict[str, Any], says: str) -> None:
    answers: list[str | None] = []
    assert units(lambda: answers.append(check_schema(schema))) < 20
    (found,) = answers
    assert found is not None
    assert says in found
    assert len(found) < 800


def test_the_largest_that_passes_takes_no_time() -> None:
    wide = {"properties": {f"p{i}": {"type": "string"} for i in range(9_000)}}
    answers: list[str | None] = []
    assert units(lambda: answers.extend(map(check_schema, (wide, nested(100))))) < 20
    assert answers == [None, None]


def test_patterns_are_not_compiled() -> None:
    assert check_schema({"pattern": "((("}) is None, "prepare says it, in the bundle's own pod"
    assert check_schema({"properties": {"a": {"pattern": r"((\w{30}){30}){100}"}}}) is None
