"""What can be asked is asked before anything is packed, which may take minutes; and warnings name the user's line."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import pytest

from launch.errors import APIError, InvalidBundleError, LaunchError, LaunchWarning, StoreError, WrongTypeError
from launch.packing.app_config import DEEPEST
from tests.launch.bad_calls import GOOD, IMAGE, INTEGER
from tests.launch.world import World


class Model:
    """Knows whether it was pickled."""

    pickled = 0

    def __getstate__(self) -> dict[str, Any]:
        Model.pickled += 1
        return {}

    def __call__(self) -> None:
        pass


def v1(client: Any, name: Any) -> Any:
    return client.create_model_bundle(**{**GOOD, "model_bundle_name": name, "model": Model()})


def v2(client: Any, name: Any) -> Any:
    return client.create_model_bundle_from_callable_v2(
        model_bundle_name=name,
        load_model_fn=Model(),
        load_predict_fn=GOOD["load_predict_fn"],
        pytorch_image_tag="1",
        request_schema=INTEGER,
        response_schema=INTEGER,
    )


def from_dirs(client: Any, name: Any) -> Any:
    code = Path("code")
    code.mkdir()
    (code / "model.py").write_text("def load(): return abs\n")
    return client.create_model_bundle_from_dirs(
        model_bundle_name=name,
        base_paths=["code"],
        env_params=IMAGE,
        load_predict_fn_module_path="model.load_predict",
        load_model_fn_module_path="model.load",
    )


@pytest.mark.parametrize("create", [v1, v2])
@pytest.mark.parametrize("trouble", ["none", "name", "store", "cluster"])
def test_nothing_is_packed_while_something_else_is_in_the_way(
    world: World, monkeypatch: pytest.MonkeyPatch, create: Any, trouble: str
) -> None:
    Model.pickled = 0
    if trouble == "none":
        create(world.client, "b")
        assert Model.pickled > 0
        return
    expected: dict[str, type[LaunchError]] = {"name": InvalidBundleError, "store": StoreError, "cluster": APIError}
    if trouble == "store":
        monkeypatch.setenv("LAUNCH_ARTIFACT_URI", "ftp://nowhere")
    if trouble == "cluster":
        world.api.refuse = 403
    with pytest.raises(expected[trouble]):
        create(world.client, " " if trouble == "name" else "b")
    assert Model.pickled == 0
    assert world.left() == []


def test_folders_are_not_packed_either(world: World) -> None:
    world.api.refuse = 403
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what is in the folders is not looked at yet
        with pytest.raises(APIError):
            from_dirs(world.client, "b")


def test_a_warning_points_at_the_line_that_called_the_client(world: World) -> None:
    with pytest.warns(LaunchWarning, match="has no load_predict") as said:
        from_dirs(world.client, "b")
    lines, first = inspect.getsourcelines(from_dirs)
    (warning,) = said
    assert warning.filename == __file__
    assert first <= warning.lineno < first + len(lines)


def test_a_name_to_list_by_is_a_text(world: World) -> None:
    with pytest.raises(WrongTypeError, match="model_name must be a text, it is a int"):
        world.client.list_model_bundles(model_name=5)


def test_the_deepest_config_that_is_read_makes_a_bundle(world: World) -> None:
    config: dict[str, Any] = {}
    for _ in range(DEEPEST - 1):
        config = {"a": config}
    assert world.client.create_model_bundle(**GOOD, app_config=config).app_config == config
