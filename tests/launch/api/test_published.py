"""Where a client's artifacts go when the cluster says it, and that the user gets to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from launch import LaunchClient
from launch.errors import StoreError
from tests.launch.bad_calls import GOOD
from tests.launch.world import World
from tools.testkit.stand_in_api import StandIn


@pytest.fixture
def publishing(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The store is not named by the environment; what is accepted is kept in a directory of its own."""
    monkeypatch.delenv("LAUNCH_ARTIFACT_URI")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return world


def publish(api: StandIn, namespace: str, directory: Path) -> str:
    directory.mkdir(exist_ok=True)
    place = f"/api/v1/namespaces/{namespace}/configmaps/modelbundle-client"
    api.objects[place] = {"kind": "ConfigMap", "data": {"artifactUri": directory.as_uri()}}
    return directory.as_uri()


def files(directory: Path) -> int:
    return sum(path.is_file() for path in directory.rglob("*"))


def test_the_store_that_administrators_publish_is_used_and_shown(
    publishing: World, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = publish(publishing.api, "kube-public", publishing.artifacts)
    publishing.client.create_model_bundle(**GOOD)
    assert f"artifacts go to {uri}, says the ConfigMap modelbundle-client in namespace kube-public" in (
        capsys.readouterr().err
    )
    assert files(publishing.artifacts) == 1


def test_a_config_map_of_the_namespace_redirects_nothing(publishing: World, tmp_path: Path) -> None:
    publish(publishing.api, "kube-public", publishing.artifacts)
    uri = publish(publishing.api, "models", tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=f"namespace models says that artifacts go to {uri}.*nothing was sent"):
        publishing.client.create_model_bundle(**GOOD)
    assert publishing.left() == []
    assert files(tmp_path / "elsewhere") == 0


def test_an_accepted_store_is_used_until_it_changes(publishing: World, tmp_path: Path) -> None:
    first = publish(publishing.api, "models", tmp_path / "first")
    LaunchClient(accept_store=True).create_model_bundle(**GOOD)
    publishing.client.create_model_bundle(**{**GOOD, "app_config": {"another": 1}})
    assert files(tmp_path / "first") == 1  # the same functions
    publish(publishing.api, "models", tmp_path / "second")
    with pytest.raises(StoreError, match=f"you accepted {first} for it"):
        publishing.client.create_model_bundle(**GOOD)
    assert files(tmp_path / "second") == 0


def test_a_store_of_ones_own_asks_no_config_map(publishing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAUNCH_ARTIFACT_URI", publishing.artifacts.as_uri())
    publish(publishing.api, "models", publishing.directory)
    publishing.client.create_model_bundle(**GOOD)
    assert not [line for line in publishing.api.asked if "configmaps" in line]
