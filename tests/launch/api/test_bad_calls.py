"""A bad call raises a named error that says what to do, and leaves nothing behind, in the store or in the cluster."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from launch.errors import APIError, LaunchError
from tests.launch.bad_calls import GOOD, ROWS, BadCall
from tests.launch.world import World


def test_the_good_call_uploads_and_creates(world: World) -> None:
    """What makes the other tests mean something: the same call, whole, leaves an artifact and a bundle."""
    bundle = world.client.create_model_bundle(**GOOD)
    created, artifact = world.left()
    assert created == f"ModelBundle {bundle.id}"
    assert Path(artifact).suffix == ".pkl"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_bad_call_is_told_and_leaves_nothing(
    row: BadCall, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with pytest.raises(row.raises) as raised:
        row.call(world, monkeypatch)
    assert isinstance(raised.value, LaunchError)
    assert isinstance(raised.value, row.builtin)
    message = str(raised.value)
    for word in row.says:
        assert word in message, message
    assert world.left() == []
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(("status", "says"), [(401, "api_key"), (403, "administrator"), (500, "no"), (503, "no")])
def test_an_api_server_that_refuses_everything_costs_no_upload(world: World, status: int, says: str) -> None:
    world.api.refuse = status
    with pytest.raises(APIError, match=says) as raised:
        world.client.create_model_bundle(**GOOD)
    assert raised.value.status == raised.value.status_code == status
    assert world.left() == []


def test_there_are_more_than_thirty_of_them() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) > 30
