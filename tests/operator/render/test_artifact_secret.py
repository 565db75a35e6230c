"""Which Secret prepare has: the bundle's own, the operator's, or none where the bundle says so."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import ANNOTATION_INPUTS

from tests.operator.render.test_desired import containers, plan


@pytest.mark.parametrize(
    ("serving", "secret"),
    [({}, "artifact-store"), ({"artifactSecretName": "mine"}, "mine"), ({"artifactSecretName": ""}, "")],
)
def test_a_bundle_has_the_operators_secret_another_one_or_none(serving: dict[str, Any], secret: str) -> None:
    result = plan(serving)
    expected = [{"secretRef": {"name": secret}}] if secret else []
    assert containers(result)["prepare"].get("envFrom", []) == expected


def test_none_is_another_input_than_the_operators() -> None:
    none, default, own = (
        plan(serving).deployment["metadata"]["annotations"][ANNOTATION_INPUTS]
        for serving in ({"artifactSecretName": ""}, {}, {"artifactSecretName": "artifact-store"})
    )
    assert len({none, default, own}) == 3
