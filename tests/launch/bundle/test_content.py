"""What the command takes for a bundle's content, when the operator's record was overwritten."""

from __future__ import annotations

import pytest

from launch.bundle.content import ContentError, content_of_object


@pytest.mark.parametrize("document", ["{", "[]", "null", '{"x": 1}'])
def test_a_record_that_is_no_bundle_document_is_said_to_be_none(document: str) -> None:
    clone = {
        "metadata": {"name": "clone"},
        "spec": {"bundle": {"cloneFrom": {"name": "base"}}},
        "status": {"resolved": {"document": document}},
    }
    with pytest.raises(ContentError, match="clone does not hold a bundle document"):
        content_of_object(clone)
