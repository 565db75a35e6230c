"""`modelbundle uninstall` removes what this machine has of it, and nothing that others put beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from launch.client import LaunchClient


@pytest.fixture
def machine(tmp_path, monkeypatch) -> dict[str, str]:
    """The variables of a user who has made a local bundle, served one with requirements, and accepted a store."""
    variables = {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "LAUNCH_LOCAL_DIR": str(tmp_path / "local"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    image = {"framework_type": "custom_base_image", "ecr_repo": "python", "image_tag": "3.12-slim"}
    client = LaunchClient(endpoint="local")
    client.create_model_bundle("m", image, predict_fn_or_cls=len, requirements=[])
    written(tmp_path / "cache" / "model-bundles" / "requirements" / "one" / "numpy.py", "x" * 2048)
    written(tmp_path / "state" / "model-bundles" / "accepted-stores.json", "{}")
    return variables


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def there(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_everything_of_this_machine_is_removed(modelbundle_here, tmp_path, machine):
    done = modelbundle_here("uninstall", "--yes")
    assert (done.code, done.err) == (0, "")
    assert f"{tmp_path / 'cache' / 'model-bundles' / 'requirements'}: packages that served bundles required, 2 KiB" in (
        done.out
    )
    assert done.out.count("removed ") == 4
    assert "-m pip uninstall model-bundles" in done.out
    assert there(tmp_path) == ["cache", "state"]


def test_what_others_put_beside_it_stays(modelbundle_here, tmp_path, machine):
    mine = [
        written(tmp_path / "local" / "notes.txt", "mine"),
        written(tmp_path / "cache" / "model-bundles" / "bin" / "tool", "mine"),
        written(tmp_path / "cache" / "uv" / "wheel", "uv's"),
    ]
    assert modelbundle_here("uninstall", "-y").code == 0
    assert [file.exists() for file in mine] == [True, True, True]
    assert not (tmp_path / "local" / "objects").exists()


def test_a_link_is_removed_and_what_it_points_to_stays(modelbundle_here, tmp_path, machine):
    kept = written(tmp_path / "disk" / "big.whl", "kept").parent
    cache = tmp_path / "cache" / "model-bundles" / "requirements"
    cache.rename(tmp_path / "elsewhere")
    cache.symlink_to(kept)
    assert modelbundle_here("uninstall", "--yes").code == 0
    assert there(kept) == ["big.whl"]
    assert not cache.is_symlink()


def test_a_dry_run_removes_nothing(modelbundle_here, tmp_path, machine):
    before = there(tmp_path)
    done = modelbundle_here("uninstall", "--dry-run")
    assert (done.code, "removed" in done.out) == (0, False)
    assert str(tmp_path / "local" / "artifacts") in done.out
    assert there(tmp_path) == before


def test_it_asks_and_without_a_terminal_needs_yes(modelbundle, tmp_path, machine):
    before = there(tmp_path)
    done = modelbundle("uninstall", **machine)
    assert (done.code, "say --yes" in done.err) == (64, True)
    assert there(tmp_path) == before


def test_where_there_is_nothing_it_says_so(modelbundle_here, tmp_path):
    done = modelbundle_here(
        "uninstall", XDG_CACHE_HOME=str(tmp_path), XDG_STATE_HOME=str(tmp_path), LAUNCH_LOCAL_DIR=str(tmp_path)
    )
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "this machine has no local bundles, caches or accepted stores",
    )
