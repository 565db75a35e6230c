"""serving.corsOrigins in the server's command, and what has none."""

from __future__ import annotations

import pytest
from modelbundle_operator.api.names import ANNOTATION_INPUTS, parse
from modelbundle_operator.errors import Terminal

from tests.operator.render.test_desired import containers, plan
from tools.testkit.model_bundles import model_bundle

ORIGINS = ["https://app.example.com", "http://localhost:3000"]


def command(serving):
    return containers(plan(serving))["server"]["command"]


def test_the_origins_are_one_option_behind_all_others():
    assert command({"corsOrigins": ORIGINS}) == [*command(None), "--cors-origins", ",".join(ORIGINS)]


def test_without_them_nothing_is_rendered_and_the_hash_is_as_before():
    assert plan({"corsOrigins": []}).deployment == plan().deployment
    assert "--cors-origins" not in command(None)


def test_they_are_an_input():
    hashes = {
        plan(serving).deployment["metadata"]["annotations"][ANNOTATION_INPUTS]
        for serving in (None, {"corsOrigins": ORIGINS}, {"corsOrigins": ["*"]})
    }
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("origin", "fits"),
    [
        ("*", True),
        ("https://app.example.com", True),
        ("http://localhost:3000", True),
        ("http://[::1]:3000", True),
        ("chrome-extension://abcdef", True),
        ("https://app.example.com/", False),
        ("https://App.example.com", False),
        ("app.example.com", False),
        ("https://a.example,https://b.example", False),
        ("https://$(HOST)", False),
        ("https://*.example.com", False),
        ("", False),
    ],
)
def test_what_an_origin_is(origin, fits):
    try:
        found = parse(model_bundle(serving={"corsOrigins": [origin]})).spec.serving.cors_origins
    except Terminal:
        found = None
    assert found == ([origin] if fits else None)
