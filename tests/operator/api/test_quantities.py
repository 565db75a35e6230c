"""A quantity is what a pod takes: a number or a text. The CRD lets anything through; the operator says what is none."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.errors import Terminal

from bundle_spec.admission import refusals
from tests.operator.render.test_desired import containers, plan
from tools.testkit.model_bundles import model_bundle


@pytest.mark.parametrize(
    ("written", "sent"),
    [(2, "2"), (0.5, "0.5"), (1.0, "1"), (1e9, "1000000000"), (1e-7, "1e-07"), (".5", ".5"), ("1E", "1E")],
)
def test_what_a_pod_takes_is_sent(written: Any, sent: str) -> None:
    made = containers(plan({"resources": {"memory": written}}))["worker"]["resources"]
    assert made["requests"]["memory"] == made["limits"]["memory"] == sent


def test_one_and_one_point_nothing_are_one() -> None:
    assert plan({"resources": {"cpu": 1.0}}).deployment == plan({"resources": {"cpu": 1}}).deployment


@pytest.mark.parametrize("value", [True, {}, {"limit": 1}, [], ["1"]])
def test_what_is_neither_number_nor_text_is_named(value: Any) -> None:
    bundle = model_bundle(serving={"resources": {"cpu": value}})
    with pytest.raises(Terminal) as refused:
        parse(bundle)
    assert refused.value.reason == "InvalidValue"
    assert refused.value.message == (
        'spec.serving.resources.cpu is not a quantity: write a number or a text, such as 2, 0.5, "500m" or "8Gi".'
    )
    (words,) = refusals(bundle)
    assert words.startswith("spec.serving.resources.cpu is ")
    assert words.endswith('and must be a quantity such as 2, 0.5, "500m" or "8Gi"')


def test_a_text_that_is_none_is_named_offline() -> None:
    (words,) = refusals(model_bundle(serving={"resources": {"memory": "8 GB"}}))
    assert words == 'spec.serving.resources.memory is "8 GB", and must be a quantity such as 2, 0.5, "500m" or "8Gi"'
