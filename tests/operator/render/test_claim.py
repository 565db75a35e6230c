"""An artifact on a claim: prepare has it, read-only, and no other container; other addresses have no volume for it."""

from __future__ import annotations

import pytest
from modelbundle_operator.render.claim import claim_of

from tests.operator.render.test_desired import containers, plan, pod
from tools.testkit.model_bundles import ARTIFACT


def test_prepare_alone_has_the_claim() -> None:
    result = plan(artifact={**ARTIFACT, "uri": "pvc://models/a/bundle.pkl"}, requirements=["numpy"])
    (volume,) = (found for found in pod(result)["volumes"] if "persistentVolumeClaim" in found)
    assert volume == {"name": "claim", "persistentVolumeClaim": {"claimName": "models", "readOnly": True}}
    have = {name for name, one in containers(result).items() if "claim" in [m["name"] for m in one["volumeMounts"]]}
    assert have == {"prepare"}
    assert "envFrom" not in containers(result)["prepare"], "no Secret is needed for it"
    mount = {"name": "claim", "mountPath": "/modelbundle/claim", "readOnly": True}
    assert mount in containers(result)["prepare"]["volumeMounts"]


@pytest.mark.parametrize(
    ("uri", "claim"),
    [
        ("pvc://models/a.pkl", "models"),
        ("pvc://team.models-1/a.pkl", "team.models-1"),
        ("pvc://Models/a.pkl", ""),
        ("pvc:///a.pkl", ""),
        ("s3://models/a.pkl", ""),
        ("https://models/a.pkl", ""),
    ],
)
def test_what_names_a_claim(uri: str, claim: str) -> None:
    assert claim_of(uri) == claim
    volumes = pod(plan(artifact={**ARTIFACT, "uri": uri}))["volumes"]
    assert bool(claim) == any("persistentVolumeClaim" in volume for volume in volumes)
