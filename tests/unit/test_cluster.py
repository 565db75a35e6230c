"""What is sent to the API server is read there as YAML, whatever the text in it."""

from __future__ import annotations

import json

import yaml
from hypothesis import given
from hypothesis import strategies as st
from modelbundle_operator.cluster import as_yaml

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(st.dictionaries(TEXT, TEXT, max_size=4))
def test_yaml_and_json_read_alike_what_is_applied(body: dict[str, str]) -> None:
    sent = as_yaml(body)
    assert yaml.safe_load(sent) == body
    assert json.loads(sent) == body
