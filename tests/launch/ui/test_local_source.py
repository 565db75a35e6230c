"""The page of local bundles: the directory is watched, and the command serves what is tried."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch import LaunchClient
from launch.errors import APIError
from launch.ui.actions import predict, scale
from launch.ui.local_source import LocalSource
from launch.ui.requests import bundle, family, log
from launch.ui.watching import Listed

IMAGE = {"framework_type": "custom_base_image", "ecr_repo": "python", "image_tag": "3.12-slim"}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LaunchClient:
    monkeypatch.setenv("LAUNCH_ENDPOINT", "local")
    monkeypatch.setenv("LAUNCH_LOCAL_DIR", str(tmp_path / "local"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("launch.ui.local_source.LOOK_SECONDS", 0.01)
    return LaunchClient(api_key=None)


def double(x: int) -> int:
    print("doubling", flush=True)
    return x * 2


def made(client: LaunchClient, name: str = "doubler") -> str:
    by_value = {"this": sys.modules[__name__]}
    found = client.create_model_bundle(name, IMAGE, predict_fn_or_cls=double, requirements=[], globals_copy=by_value)
    assert found.id
    return found.id


def test_what_is_made_and_deleted_is_seen(client):
    changes = LocalSource(None).follow(PLURAL, 100)
    assert next(changes) == Listed([], True)
    name = made(client)
    listed = next(change for change in changes if isinstance(change, Listed))
    assert [(row["namespace"], row["name"], row["health"]) for row in listed.rows] == [("default", name, "Stored")]
    client.delete_model_bundle(name)
    assert next(change for change in changes if isinstance(change, Listed)).rows == []


def test_more_than_the_most_are_said(client):
    made(client)
    made(client, "other")
    listed = next(LocalSource(None).follow(PLURAL, 1))
    assert isinstance(listed, Listed)
    assert listed.complete is False


def test_a_bundle_is_scaled_tried_and_its_log_read(client):
    name, source = made(client), LocalSource(None)
    asked = {"namespace": "default", "name": name}
    assert bundle(source, asked)["pods"] == []
    scale(source, {**asked, "replicas": 1})
    found = predict(source, {"namespace": "default", "service": name, "request": '{"x": 21}'})
    assert (found["status"], found["text"]) == (200, "42")
    (pod,) = bundle(source, asked)["pods"]
    written = {"namespace": "default", "pod": pod["name"], "container": "worker"}
    while "doubling" not in log(source, written)["text"]:  # its output comes by another way than its answer
        time.sleep(0.01)
    client.delete_model_bundle(name)  # ends what serves it


def test_a_family_is_found_in_the_directory(client):
    name = made(client)
    members = family(LocalSource(None), {"namespace": "default", "name": name})["members"]
    assert members[0]["name"] == name


def test_other_directories_are_no_namespaces(client):
    made(client)
    for namespace in ("..", ".", "nothing", ""):
        with pytest.raises(APIError, match="no namespace"):
            LocalSource(None).get(PLURAL, namespace, "x")
    assert LocalSource(None).events("default", ENDPOINT_PLURAL, "x") == []
