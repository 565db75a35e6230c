"""What the command takes for a content: where the record was overwritten, and where it is older than a bound."""

from __future__ import annotations

import pytest

from bundle_spec.canonical import bundle_document, canonical
from bundle_spec.document import digest
from launch.bundle.content import ContentError, content_of_fields, content_of_object
from tools.testkit.model_bundles import bundle_spec


@pytest.mark.parametrize("document", ["{", "[]", "null", '{"x": 1}'])
def test_a_record_that_is_no_bundle_document_is_said_to_be_none(document: str) -> None:
    clone = {
        "metadata": {"name": "clone"},
        "spec": {"bundle": {"cloneFrom": {"name": "base"}}},
        "status": {"resolved": {"document": document}},
    }
    with pytest.raises(ContentError, match="clone does not hold a bundle document"):
        content_of_object(clone)


def test_too_many_values_are_refused_as_the_operator_does_unless_it_has_accepted_them() -> None:
    fields = bundle_spec(appConfig={"a": [1] * 30_000})
    with pytest.raises(ContentError, match=r"spec\.bundle\.appConfig has 30002 values .* 20000 are allowed"):
        content_of_fields(fields, {})
    accepted = digest(canonical(bundle_document(fields)))
    stored = {"metadata": {"name": "old"}, "spec": {"bundle": fields}, "status": {"digest": accepted}}
    assert content_of_object(stored).digest == accepted
