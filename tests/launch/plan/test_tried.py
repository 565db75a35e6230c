"""Two bundles are tried alike when the operator's hash of what a try depends on is the same."""

from __future__ import annotations

from typing import Any

import pytest

from launch.bundle.content import content_of_object
from launch.plan.tried import inputs_of
from tests.operator.render.test_precheck import inputs
from tools.testkit.model_bundles import ARTIFACT, PYTORCH, model_bundle

GPU = {"gpu": {"count": 1}}


def ours(serving: dict[str, Any], **fields: Any) -> str:
    return inputs_of(content_of_object(model_bundle(serving=serving, **fields)), serving)


@pytest.mark.parametrize(
    "serving",
    [
        {"gpu": {"count": 2}},
        {**GPU, "replicas": 3, "resources": {"memory": "9Gi"}, "nodeSelector": {"a": "b"}},
        {**GPU, "artifactSecretName": "mine"},
        {**GPU, "serviceAccountName": "mine"},
        {**GPU, "imagePullSecrets": [{"name": "mine"}]},
    ],
)
def test_by_how_they_are_served(serving: dict[str, Any]) -> None:
    assert (ours(serving) == ours(GPU)) is (inputs(serving) == inputs(GPU))


@pytest.mark.parametrize(
    "fields",
    [
        {"appConfig": {"mode": "other"}},
        {"env": [{"name": "A", "value": "b"}]},
        {"requirements": ["numpy==2.1.0"]},
        {"artifact": {**ARTIFACT, "uri": "s3://models/other.pkl"}},
        {"artifact": {**ARTIFACT, "sha256": "f" * 64}},
        {"envParams": {**PYTORCH, "pytorchImageTag": "2.3.1"}},
        {"requestSchema": {"type": "object"}},
    ],
)
def test_by_what_they_run(fields: dict[str, Any]) -> None:
    assert (ours(GPU, **fields) == ours(GPU)) is (inputs(**fields) == inputs())
