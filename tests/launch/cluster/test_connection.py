"""How the client reaches a cluster: what a token and a name may be, before anything is sent."""

import pickle

import pytest

from launch.client import LaunchClient
from launch.cluster.api import checked
from launch.cluster.connection import Connection
from launch.errors import InvalidBundleError, WrongTypeError


def test_a_token_is_meant_without_the_newline_that_its_file_ends_with():
    assert Connection("abc\n") == Connection("abc")
    assert Connection("") == Connection(None) == Connection("\n")


@pytest.mark.parametrize("token", ["geheim\nnoch eins", "geheim geheim", "geheiß"])
def test_what_no_token_can_be_is_refused_and_not_shown(token):
    with pytest.raises(InvalidBundleError, match="api_key is not a bearer token") as refused:
        Connection(token)
    assert "gehei" not in str(refused.value)


def test_it_is_never_pickled():
    with pytest.raises(TypeError, match="credentials"):
        pickle.dumps(Connection("abc"))


def test_an_argument_of_another_type_is_named():
    with pytest.raises(WrongTypeError, match="api_key must be a string"):
        Connection(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "..", "../modelbundles/other", "a/b", "a?x=1", "A", "a b", "-a", None, 3])
def test_what_would_be_another_place_of_the_api_is_no_name(name):
    with pytest.raises(InvalidBundleError, match="names no object"):
        checked(name)


@pytest.mark.parametrize("name", ["", "../modelbundles/other", "a/b"])
def test_no_request_is_sent_for_such_a_name(name, tmp_path, monkeypatch):
    client = LaunchClient("abc", "http://127.0.0.1:9")  # nobody listens: a request would be an APIError
    for call in (client.delete_model_endpoint, client.get_model_endpoint, client.read_endpoint_creation_logs):
        with pytest.raises(InvalidBundleError, match="names no object"):
            call(name)
    with pytest.raises(InvalidBundleError, match="names no object"):
        LaunchClient("abc", "http://127.0.0.1:9", namespace="a/../b").list_model_endpoints()
