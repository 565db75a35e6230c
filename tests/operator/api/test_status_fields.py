"""The status that is put together has the fields of the models that read it and make the CRD."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api import endpoint, status, status_fields
from modelbundle_operator.api.base import ApiModel

PAIRS: list[tuple[Any, type[ApiModel]]] = [
    (status_fields.ConditionFields, status.Condition),
    (status_fields.AddressFields, status.Endpoint),
    (status_fields.RequirementsFields, status.Requirements),
    (status_fields.LineageFields, status.Lineage),
    (status_fields.BaseFields, status.Base),
    (status_fields.ResolvedFields, status.Resolved),
    (status_fields.LastFailureFields, status.LastFailure),
    (status_fields.LayerFields, status.Layer),
    (status_fields.StatusFields, status.Status),
    (status_fields.MovingFields, endpoint.Moving),
    (status_fields.EndpointStatusFields, endpoint.EndpointStatus),
]


@pytest.mark.parametrize(("written", "model"), PAIRS, ids=[model.__name__ for _, model in PAIRS])
def test_what_is_written_is_what_the_crd_has(written: Any, model: type[ApiModel]) -> None:
    """A field that the CRD lacks would be dropped by the API server, and written again at each look."""
    assert set(written.__annotations__) == {field.alias for field in model.model_fields.values()}
