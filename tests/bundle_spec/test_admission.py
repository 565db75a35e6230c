"""What the cluster would refuse is said offline, and nothing else is; test_crd.py asks an API server the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bundle_spec.admission import refusals
from bundle_spec.crd_rules import NOT_OFFLINE, RULES
from tools.testkit.crd_corpus import RULE_ERRORS, SCHEMA_ERRORS, VALID, artifact
from tools.testkit.model_bundles import model_bundle

SCHEMA = Path(__file__).resolve().parents[2] / "bundle_spec" / "modelbundle.json"


def named(cases: list[Any]) -> list[Any]:
    return [pytest.param(*case[1:], id=case[0]) for case in cases]


@pytest.mark.parametrize("bundle", named(VALID))
def test_what_the_api_server_takes_is_taken(bundle: dict[str, Any]) -> None:
    # the corpus sets one schema alone here and there, which the operator refuses
    assert [line for line in refusals(bundle) if "alone" not in line] == []


@pytest.mark.parametrize("bundle", named(SCHEMA_ERRORS))
def test_what_breaks_the_schema_is_refused_with_its_path(bundle: dict[str, Any]) -> None:
    assert [line for line in refusals(bundle) if not line.startswith("spec.")] == []
    assert refusals(bundle)


@pytest.mark.parametrize(("bundle", "says"), named(RULE_ERRORS))
def test_what_breaks_a_rule_is_refused_in_the_rules_words(bundle: dict[str, Any], says: str) -> None:
    assert [says in line for line in refusals(bundle)] == [True]


def test_every_rule_of_the_crd_is_known_here_or_said_to_be_missing() -> None:
    rules: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            rules.update(rule["rule"] for rule in value.get("x-kubernetes-validations", []))
            value = list(value.values())
        for entry in value if isinstance(value, list) else []:
            collect(entry)

    collect(json.loads(SCHEMA.read_text()))
    assert rules == {*RULES, *NOT_OFFLINE}


ENV = "spec.bundle.env[0]"


@pytest.mark.parametrize(
    ("bundle", "says"),
    [
        (
            model_bundle(env=[{"name": "A", "value": 1}]),
            f"{ENV}.value is the number 1, and must be a string: put it in",
        ),
        (model_bundle(env=[{"name": "A", "value": "x" * 150_000}]), f"{ENV}.value has 150000 characters, 8192 are"),
        (model_bundle(env=[{"name": "A=B", "value": ""}]), f'{ENV}.name is "A=B", and must match ^[A-Za-z_]'),
        (model_bundle(env=[{"name": "A\0", "value": ""}]), f'{ENV}.name is "A\\u0000", and must match'),
        (model_bundle(env=[{"name": "A\n", "value": ""}]), f'{ENV}.name is "A\\n", and must match'),
        (model_bundle(env=[{"name": "A", "value": "a\0b"}]), f"{ENV}.value has a NUL at character 2"),
        (model_bundle(**artifact(uri="s3://models/a\0")), "spec.bundle.artifact.uri has a NUL at character 14"),
        (model_bundle(env={"A": "1"}), "spec.bundle.env is an object, and must be a list"),
        (model_bundle(requirements=[""]), "spec.bundle.requirements[0] has 0 characters"),
        (model_bundle(requirements=["-r x"]), "spec.bundle.requirements[0] is '-r x': options of pip"),
        (model_bundle(requirements=["a b"]), "spec.bundle.requirements[0] is 'a b': expected"),
        (
            model_bundle(serving={"requestTimeoutSeconds": -1}),
            "spec.serving.requestTimeoutSeconds is -1, and must be 1",
        ),
        (model_bundle(serving={"gpu": {"resourceName": "memory"}}), "spec.serving.gpu.resourceName is memory, which"),
        ({**model_bundle(), "metadata": "x"}, 'metadata is "x", and must be an object'),
        (model_bundle(artifact={"sha256": "0" * 64, "packaging": "zip"}), "spec.bundle.artifact.uri is missing: where"),
        (model_bundle(requestSchema={"a": {"type": "object"}}, responseSchema=None), "requestSchema alone"),
        (model_bundle(requestSchema={"pattern": "x" * 9000}), "spec.bundle.requestSchema.pattern: "),
    ],
)
def test_a_field_is_named_with_what_is_wrong_in_it(bundle: dict[str, Any], says: str) -> None:
    found = refusals(bundle)
    assert [line.startswith(says) or says in line for line in found] == [True], found


def test_a_path_is_an_address_where_the_file_is_served_from_this_machine() -> None:
    bundle = model_bundle(**artifact(uri="bundle.pkl"))
    assert refusals(bundle, local=True) == []
    assert "must match" in refusals(bundle)[0]


def test_values_of_a_thousand_wrong_entries_are_not_listed_one_by_one() -> None:
    found = refusals(model_bundle(requirements=["#"] * 100_000))
    assert found == ["spec.bundle.requirements has 100000 entries, 512 are allowed"]
