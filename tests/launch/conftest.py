"""A client whose API server is a stand-in and whose artifact store is a directory; and one of the real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launch import LaunchClient
from tests.cluster.conftest import make_namespace, operator, place, store
from tests.launch.world import World
from tools.testkit.stand_in_api import StandIn

__all__ = ["make_namespace", "operator", "place", "store"]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@pytest.fixture
def world(stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    artifacts, here = tmp_path / "artifacts", tmp_path / "here"
    artifacts.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("KUBECONFIG", stand_in.write_kubeconfig(tmp_path / "kubeconfig"))
    monkeypatch.setenv("LAUNCH_ARTIFACT_URI", artifacts.as_uri())
    monkeypatch.setenv("LAUNCH_NAMESPACE", "models")
    return World(LaunchClient(api_key=None), stand_in, here, artifacts)
