"""What a kubeconfig says of its user is what the API server gets to see, whichever release of the library reads it."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from launch import LaunchClient
from launch.cluster.connection import Connection
from launch.errors import APIError
from tests.launch.world import World
from tools.testkit.stand_in_api import StandIn

PLUGIN = """#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "of-a-plugin"}}'
"""


def kubeconfig(api: StandIn, path: Path, **user: Any) -> str:
    config = json.loads(Path(api.write_kubeconfig(path)).read_text())
    config["users"].append({"name": "other", "user": user})
    config["contexts"].append({"name": "other", "context": {"cluster": "k", "user": "other", "namespace": "theirs"}})
    path.write_text(json.dumps(config))
    return str(path)


def plugin(directory: Path) -> dict[str, Any]:
    program = directory / "plugin"
    program.write_text(PLUGIN)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "Never"}


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ({}, None),
        ({"token": "of-a-file"}, "Bearer of-a-file"),
        ({"username": "me", "password": "pw"}, "Basic " + base64.b64encode(b"me:pw").decode()),
        ("plugin", "Bearer of-a-plugin"),
        ("tokenFile", "Bearer of-another-file"),
    ],
    ids=str,
)
def test_the_contexts_user_is_who_asks(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: Any, sent: str | None
) -> None:
    if user == "plugin":
        user = {"exec": plugin(tmp_path)}
    if user == "tokenFile":
        (tmp_path / "token").write_text("of-another-file\n")
        user = {"tokenFile": str(tmp_path / "token")}
    monkeypatch.setenv("KUBECONFIG", kubeconfig(world.api, tmp_path / "config", **user))
    connection = Connection(context="other")
    assert connection.user() == "somebody"
    assert world.api.tokens == {sent}


def test_the_contexts_namespace_is_the_default(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig(world.api, tmp_path / "config"))
    monkeypatch.delenv("LAUNCH_NAMESPACE")
    assert [Connection(context=name).namespace for name in ("c", "other")] == ["models", "theirs"]
    assert Connection().namespace == "models"


def test_a_token_of_ones_own_wins(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig(world.api, tmp_path / "config", exec=plugin(tmp_path)))
    assert Connection("mine", context="other").user() == "somebody"
    assert LaunchClient(api_key="mine", endpoint=world.api.url).list_model_bundles() == []
    assert world.api.tokens == {"Bearer mine"}


def test_a_context_that_is_not_there_is_said(world: World) -> None:
    with pytest.raises(APIError, match="the kubeconfig cannot be used"):
        Connection(context="nowhere").user()
