"""Which fields an upgrade of a CRD would drop."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from modelbundle_operator.tools.apply_crds import dropped
from modelbundle_operator.tools.crd import RESOURCES, custom_resource_definition

CRDS = [custom_resource_definition(resource) for resource in RESOURCES.values()]


@pytest.mark.parametrize("crd", CRDS, ids=lambda crd: crd["metadata"]["name"])
def test_the_same_crd_drops_nothing(crd: dict[str, Any]) -> None:
    assert dropped(crd, copy.deepcopy(crd)) == []


def test_a_new_field_drops_nothing() -> None:
    before = copy.deepcopy(CRDS[0])
    del before["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["serving"]
    assert dropped(before, CRDS[0]) == []


def test_lost_fields_are_named_outermost_only() -> None:
    after = copy.deepcopy(CRDS[0])
    properties = after["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    del properties["bundle"]["properties"]["artifact"]
    del properties["bundle"]["properties"]["env"]["items"]["properties"]["value"]
    assert dropped(CRDS[0], after) == ["v1alpha1.spec.bundle.artifact", "v1alpha1.spec.bundle.env[].value"]


def test_a_lost_version_is_named() -> None:
    before = copy.deepcopy(CRDS[1])
    before["spec"]["versions"].append({**before["spec"]["versions"][0], "name": "v1"})
    assert dropped(before, CRDS[1]) == ["v1"]
