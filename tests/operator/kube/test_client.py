"""What is sent to the API server is read there as YAML, whatever the text in it."""

from __future__ import annotations

import json

import yaml
from hypothesis import given
from hypothesis import strategies as st
from modelbundle_operator.kube.client import as_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ANYTHING = st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x7f\ud800\udfff\\u"), max_size=40)


@given(st.dictionaries(TEXT, TEXT, max_size=4))
def test_yaml_and_json_read_alike_what_is_applied(body: dict[str, str]) -> None:
    sent = as_yaml(body)
    assert yaml.safe_load(sent) == body
    assert json.loads(sent) == body


@given(st.dictionaries(ANYTHING, ANYTHING, max_size=4))
def test_what_is_no_character_is_replaced_before_it_is_applied(body: dict[str, str]) -> None:
    """Python takes half a surrogate pair for a character; YAML, and so the API server, does not."""
    sent = as_yaml(body)
    found = json.loads(sent)
    assert yaml.safe_load(sent) == found
    whole = {str(json.loads(json.dumps(name))): text for name, text in body.items()}
    assert list(found) == list(dict.fromkeys(map(_valid, whole)))


def _valid(text: str) -> str:
    """Two halves side by side are a pair; one alone is replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
