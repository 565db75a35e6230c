"""The API key opens the cluster: it stands in no repr, message, traceback or log."""

from __future__ import annotations

import logging
import pickle
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from launch import LaunchClient, ModelBundle
from launch.errors import NotPicklableError
from tests.launch.bad_calls import GOOD
from tests.launch.world import World

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
    raised = ""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            CALLS[call](client)
        except Exception as error:
            raised = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert (raised == "") == (status == 0 and call in ("create", "list", "endpoints")), raised
    assert world.api.asked  # the server was asked, with the key
    assert world.api.tokens == {f"Bearer {SECRET}"}
    everything = [raised, caplog.text, *capfd.readouterr(), *map(str, warned)]
    assert SECRET not in "".join(everything)


NOTEBOOK = """
def by_name(model):
    return lambda x: my_client.get_model_bundle("other").predict(x=x)
def by_method(model):
    return lambda x: find("other")
class Model:
    def __init__(self):
        self.clients = [my_client]
class Mine(type(my_client)):
    pass
another = Mine()
def by_subclass(model):
    return lambda x: another
def by_bundle(model):
    return lambda x: my_bundle.predict(x=x)
"""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (lambda n: {"load_predict_fn": n["by_name"]}, "my_client is a LaunchClient"),
        (lambda n: {"load_predict_fn": n["by_method"]}, "find.__self__ is a LaunchClient"),
        (lambda n: {"load_predict_fn": n["by_subclass"]}, "another is a Mine"),
        (lambda n: {"load_predict_fn": n["by_bundle"]}, "my_bundle._connection is a Connection"),
        (lambda n: {"model": n["Model"]()}, "model.clients[0] is a LaunchClient"),
    ],
)
def test_it_is_in_no_artifact(world: World, given: Callable[[Any], Any], says: str) -> None:
    client = LaunchClient(api_key=SECRET, endpoint=world.api.url)
    names: dict[str, Any] = {"__name__": "__main__", "my_client": client, "find": client.get_model_bundle}
    names["my_bundle"] = ModelBundle("other")
    names["my_bundle"]._connection = client.connection
    exec(NOTEBOOK, names)
    with pytest.raises(NotPicklableError) as refused:
        client.create_model_bundle(**{**GOOD, **given(names)})
    message = str(refused.value)
    assert says in message
    assert "Do not refer to the client" in message
    assert SECRET not in message
    assert world.left() == []


def test_a_client_is_in_no_pickle() -> None:
    with pytest.raises(NotPicklableError, match="make one where it is needed"):
        pickle.dumps({"client": LaunchClient(api_key=SECRET)})
