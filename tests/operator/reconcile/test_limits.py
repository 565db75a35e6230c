"""Limits as they come and change: a directory that the kubelet writes, and what becomes of bundles."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from modelbundle_operator.kube.kinds import CHILD_KINDS
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.limits import LimitsDirectory

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]


def mounted(directory: Path, **texts: str) -> None:
    """As the kubelet does it: a new directory, and a link that is put in the place of the former one."""
    version = directory / f"..{len(list(directory.iterdir()))}"
    version.mkdir()
    for name, text in texts.items():
        (version / name).write_text(text)
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"..data/{name}")
    (directory / "..new").symlink_to(version.name)
    (directory / "..new").replace(directory / "..data")


async def test_the_newest_files_are_read(tmp_path: Path) -> None:
    limits = LimitsDirectory(str(tmp_path))
    mounted(tmp_path, replicasMax="1", packagings="zip")
    assert await limits.read()
    assert limits.current() == {"replicasMax": "1", "packagings": "zip"}
    assert not await limits.read()
    mounted(tmp_path, replicasMax="2")
    assert await limits.read()
    assert limits.current() == {"replicasMax": "2"}


async def test_without_a_directory_nothing_is_limited() -> None:
    limits = LimitsDirectory("")
    assert not await limits.read()
    assert limits.current() == {}


async def test_a_directory_that_is_not_there_is_no_word_for_no_limits(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await LimitsDirectory(str(tmp_path / "absent")).read()


async def test_bytes_that_are_no_text_allow_nothing_and_keep_no_operator_from_starting(tmp_path: Path) -> None:
    """As the binaryData of a ConfigMap can be."""
    mounted(tmp_path, replicasMax="1")
    (tmp_path / "..data" / "packagings").write_bytes(b"\xff\xfezip")
    limits = LimitsDirectory(str(tmp_path))
    assert await limits.read()
    assert limits.current()["replicasMax"] == "1"
    world = under(dict(limits.current()), model_bundle())
    await world.look()
    assert world.ready()[1] == "InvalidValue"
    assert "the limit packagings allows" in world.condition("Ready")["message"]


async def test_a_name_that_limits_nothing_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mounted(tmp_path, imageRepository="x")
    await LimitsDirectory(str(tmp_path)).read()
    assert "these limit nothing, as no limit has such a name: imageRepository" in caplog.text


async def test_a_change_has_every_bundle_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelbundle_operator.reconcile.limits.EVERY_SECONDS", 0.01)
    mounted(tmp_path, replicasMax="1")
    limits = LimitsDirectory(str(tmp_path))
    await limits.read()
    looked_at: list[Key] = []
    task = asyncio.create_task(limits.run(lambda: [KEY], looked_at.append))
    await asyncio.sleep(0.05)
    assert looked_at == []
    mounted(tmp_path, replicasMax="2")
    async with asyncio.timeout(60):
        while not looked_at:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert looked_at == [KEY]
    task.cancel()


def under(limits: dict[str, str], bundle: Body) -> World:
    world = World(bundle)
    world.reconcile = replace(world.reconcile, limits=lambda: limits)
    return world


@pytest.fixture
async def limited() -> World:
    """A bundle that serves, without limits yet."""
    world = under({}, model_bundle())
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    return world


async def test_what_serves_goes_on_under_a_stricter_limit_says_so_and_ends_at_0(limited: World) -> None:
    before = limited.cluster.objects["Deployment", *KEY.place]
    limits: dict[str, str] = {"artifactPrefixes": "s3://elsewhere"}
    limited.reconcile = replace(limited.reconcile, limits=lambda: limits)
    await limited.look()
    assert limited.ready()[1] == "InvalidValue"
    assert limited.condition("Stalled")["status"] == "True"
    assert "the limit artifactPrefixes allows s3://elsewhere" in limited.condition("Ready")["message"]
    assert limited.cluster.objects["Deployment", *KEY.place] == before
    await limited.at_rest()
    limited.cluster.edit("ModelBundle", KEY, functools.partial(scale, 0))
    await limited.look()
    assert limited.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 0
    limits.clear()
    limited.cluster.edit("ModelBundle", KEY, functools.partial(scale, 1))
    await limited.look()
    assert limited.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 1
    await limited.at_rest()


def scale(replicas: int, body: Body) -> None:
    body["spec"]["serving"] = {**body["spec"].get("serving", {}), "replicas": replicas}


async def test_of_a_new_bundle_that_is_refused_nothing_is_made() -> None:
    world = under({"serviceAccounts": "models"}, model_bundle(serving={"serviceAccountName": "deployer"}))
    await world.look()
    assert world.ready()[1] == "InvalidValue"
    assert "spec.serving.serviceAccountName: deployer is not allowed" in world.condition("Ready")["message"]
    assert not [kind for kind, *_ in world.cluster.objects if kind in CHILD_KINDS]
    await world.at_rest()
