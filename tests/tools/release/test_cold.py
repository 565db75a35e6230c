"""What `make cold` gives to the commands: nothing of this machine's caches, and how its registries are reached."""

import subprocess
import sys
from pathlib import Path

from tools.release import cold

HOME = Path("/home/somebody")
AROUND = {
    "HOME": str(HOME),
    "PATH": f"{HOME}/.cache/model-bundles/bin/set-1:{cold._ROOT}/.venv/bin:{HOME}/.pyenv/shims:/usr/bin",
    "XDG_CACHE_HOME": "/caches",
    "XDG_CONFIG_HOME": "/configuration",
    "GOCACHE": "/fast/go-build",
    "UV_CACHE_DIR": "/fast/uv",
    "GOPROXY": "https://modules.example",
    "PIP_INDEX_URL": "https://packages.example/simple",
    "https_proxy": "http://proxy.example:3128",
    "MAKEFLAGS": "-j4",
    "MAKELEVEL": "1",
    "CLUSTER": "none",
    "KUBECONFIG": "/elsewhere",
    "PYTHONPATH": "/elsewhere",
    "VIRTUAL_ENV": "/elsewhere",
}


def test_every_cache_is_in_the_temporary_directory() -> None:
    made = cold.environment_of(Path("/scratch"), AROUND, HOME)
    for name in ("HOME", "XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "UV_CACHE_DIR", "PIP_CACHE_DIR"):
        assert made[name].startswith("/scratch/"), name
    assert not [name for name, value in made.items() if "/caches" in value or "/fast" in value]


def test_the_shell_that_it_is_run_from_is_left_behind() -> None:
    made = cold.environment_of(Path("/scratch"), AROUND, HOME)
    gone = {"MAKEFLAGS", "MAKELEVEL", "CLUSTER", "KUBECONFIG", "PYTHONPATH", "VIRTUAL_ENV", "XDG_CONFIG_HOME"}
    assert gone.isdisjoint(made)
    assert made["PATH"] == f"{HOME}/.pyenv/shims:/usr/bin"


def test_the_registries_are_reached_as_before() -> None:
    made = cold.environment_of(Path("/scratch"), AROUND, HOME)
    for name in ("GOPROXY", "PIP_INDEX_URL", "https_proxy"):
        assert made[name] == AROUND[name]
    assert made["PYENV_ROOT"] == f"{HOME}/.pyenv"  # interpreters are the machine's, not a cache


def test_of_the_home_only_the_registries_settings_are_carried_over(tmp_path: Path) -> None:
    home, configuration, scratch = tmp_path / "home", tmp_path / "configuration", tmp_path / "scratch"
    for file in (home / ".npmrc", home / ".gitconfig", home / ".pip/pip.conf", configuration / "go/env"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("settings")
    cold.carry_over(home, configuration, scratch)
    found = {str(path.relative_to(scratch / "home")) for path in scratch.rglob("*") if path.is_file()}
    assert found == {".npmrc", ".pip/pip.conf", ".config/go/env"}


def test_it_says_how_it_is_used_without_the_project_being_installed() -> None:
    argv = [
        sys.executable,
        "-S",
        "-m",
        "tools.release.cold",
        "--help",
    ]  # no site-packages: the standard library is enough
    done = subprocess.run(argv, cwd=cold._ROOT, capture_output=True, text=True, check=True)
    assert "--only" in done.stdout
