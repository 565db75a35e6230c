"""prepare holds the warm-up request against the request schema before anything is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.prepare.artifact import prepare
from bundle_runtime.prepare.warm_up import check_warm_up

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "texts": {"type": "array", "items": {"type": "string"}}},
    "required": ["x"],
}
DOCUMENT: Any = {"requestSchema": SCHEMA}


@pytest.mark.parametrize("text", ["", '{"x": 1}', ' {"x": 1, "texts": ["a"], "more": null} '])
def test_a_request_of_the_bundle_is_taken(text: str) -> None:
    check_warm_up(DOCUMENT, text)


def test_without_a_schema_every_object_is_one() -> None:
    check_warm_up({}, '{"anything": [1]}')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", 'does not fit requestSchema: the body: "x" is a required property'),
        ('{"x": "1"}', 'does not fit requestSchema: x: "1" is not of type "integer"'),
        ('{"x": 1, "texts": ["a", 2]}', "texts[1]: 2 is not of type"),
        ("{'x': 1}", "is not valid JSON"),
        ('{"x": NaN}', "NaN is not JSON"),
        ("[1]", "is no JSON object"),
        ("[" * 100_000, "is not valid JSON"),
    ],
)
def test_what_the_server_would_refuse_is_no_warm_up(text: str, says: str) -> None:
    with pytest.raises(RuntimeFailure) as failure:
        check_warm_up(DOCUMENT, text)
    assert failure.value.reason == "InvalidValue"
    assert failure.value.message.startswith("spec.serving.warmUp ")
    assert says in failure.value.message
    assert failure.value.message.endswith("Correct it there, or leave it out; the bundle stays.")


def test_a_check_without_an_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = {"properties": {"x": {"pattern": "^(a+)+(?!c)$"}}}
    text = '{"x": "' + "a" * 30_000 + 'b"}'
    with pytest.raises(RuntimeFailure, match=r"requestSchema"):
        check_warm_up({"requestSchema": slow}, text)


def test_nothing_is_fetched_for_one_that_is_none(tmp_path: Path) -> None:
    document: Any = {**DOCUMENT, "artifact": {"packaging": "zip", "sha256": "0" * 64}}
    with pytest.raises(RuntimeFailure, match=r"spec\.serving\.warmUp"):
        prepare(Layout(str(tmp_path)), "s3://nobody/asks.zip", document, warm_up="{}")
