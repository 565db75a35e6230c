"""Single keys of Secrets as variables: of the worker alone, and never in the place of what is part of the digest."""

from __future__ import annotations

from typing import Any

import pytest

from bundle_spec.admission import refusals
from bundle_spec.canonical import bundle_document
from tests.operator.render.test_desired import containers, plan
from tools.testkit.model_bundles import bundle_spec, model_bundle
from tools.testkit.pod_corpus import TOKEN


def variables(**fields: Any) -> list[dict[str, Any]]:
    return list(containers(plan(**fields))["worker"]["env"])


def test_the_worker_has_them_after_its_own() -> None:
    assert variables(serving={"env": [TOKEN]}) == [*variables(), TOKEN]


def test_no_other_container_has_them() -> None:
    plain, made = (containers(plan(serving, requirements=["numpy"])) for serving in (None, {"env": [TOKEN]}))
    for name in ("prepare", "install", "server"):
        assert made[name] == plain[name]


def test_a_convenience_of_the_runtime_may_be_replaced() -> None:
    user = {**TOKEN, "name": "USER"}
    made = variables(serving={"env": [user]})
    assert [entry for entry in made if entry["name"] == "USER"] == [user]
    assert len(made) == len(variables())


def test_none_is_the_template_of_a_bundle_that_says_nothing() -> None:
    assert plan({"env": []}).deployment == plan().deployment


def test_a_variable_of_the_digest_is_not_replaced() -> None:
    (words,) = refusals(model_bundle(serving={"env": [TOKEN]}, env=[{"name": "HF_TOKEN", "value": "public"}]))
    assert words.startswith("spec.serving.env[0].name is HF_TOKEN, which the bundle's own env has")


def test_a_key_of_a_secret_in_the_bundle_itself_is_told_where_to_go() -> None:
    with pytest.raises(ValueError, match=r"\$\.env\[0\]\.valueFrom .* goes into spec\.serving\.env"):
        bundle_document(bundle_spec(env=[TOKEN]))
    (words,) = refusals(model_bundle(env=[TOKEN]))
    assert "spec.bundle.env[0].value is missing" in words
    assert "spec.serving.env" in words
