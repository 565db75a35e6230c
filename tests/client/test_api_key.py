"""The API key opens the cluster: it stands in no repr, message, traceback or log."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from launch import LaunchClient
from tests.client.bad_calls import GOOD
from tests.client.world import World

SECRET = "sekret-b54f9ae17c"
CALLS: dict[str, Callable[[Any], Any]] = {
    "create": lambda client: client.create_model_bundle(**GOOD),
    "list": lambda client: client.list_model_bundles(),
    "get": lambda client: client.get_model_bundle("b"),
    "clone": lambda client: client.clone_model_bundle_with_changes("b", {"a": 1}),
    "endpoint": lambda client: client.create_model_endpoint(endpoint_name="e", model_bundle="b"),
    "endpoints": lambda client: client.list_model_endpoints(),
}


def test_it_is_in_no_repr(world: World) -> None:
    client = LaunchClient(api_key=SECRET, endpoint=world.api.url)
    bundle = client.create_model_bundle(**GOOD)
    shown = [client, client.connection, bundle, bundle._repr_html_(), bundle.to_dict(), vars(bundle)]
    assert SECRET not in " ".join([*map(repr, shown), *map(str, shown)])


@pytest.mark.parametrize("status", [0, 401, 500])
@pytest.mark.parametrize("call", CALLS)
def test_it_is_in_no_error_and_no_log(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], status: int, call: str
) -> None:
    caplog.set_level(logging.DEBUG)
    world.api.refuse = status
    client = LaunchClient(api_key=SECRET, endpoint=world.api.url)
    told = ""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            CALLS[call](client)
        except Exception as error:
            told = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert (told == "") == (status == 0 and call in ("create", "list", "endpoints")), told
    assert world.api.asked  # the server was asked, with the key
    assert world.api.tokens == {f"Bearer {SECRET}"}
    everything = [told, caplog.text, *capfd.readouterr(), *map(str, warned)]
    assert SECRET not in "".join(everything)
