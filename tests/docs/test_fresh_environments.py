"""What README.md, the quickstart and the client's page show without a cluster runs as it stands, in environments that
have what their lines of installation bring and nothing else.

`make examples` makes each anew, by those very lines and pip; `make test` takes two that uv makes and the cache keeps.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from launch.local.ports import reserve
from tests.launch.cli.conftest import left_behind
from tests.seed.environments import PYDANTICS, Done, Environment
from tests.seed.page import PAGE, README, readme, script
from tools.testkit.console_blocks import console, missing
from tools.testkit.environments import (
    CLIENT,
    IN_EXAMPLES,
    SERVER,
    distribution,
    interpreter,
    python_with_client,
    python_with_server,
)
from tools.testkit.page_blocks import ROOT, blocks

ANEW = bool(os.environ.get("MODELBUNDLE_EXAMPLES"))
OLD = "3.8"  # which makes bundles, and cannot serve them
MATRIX = [
    (OLD, "pydantic 1"),
    pytest.param(OLD, "pydantic 2", marks=IN_EXAMPLES),
    pytest.param("3.11", "pydantic 1", marks=IN_EXAMPLES),
    pytest.param("3.11", "pydantic 2", marks=IN_EXAMPLES),
    ("3.13", "pydantic 2"),
]
QUICKSTART = ROOT / "docs" / "tutorial" / "quickstart.md"
CHECKOUT = ("pyproject.toml", "README.md", "LICENSE", "operator", "bundle_spec", "bundle_runtime", "launch",
            "oip_conformance", "examples")  # fmt: skip
ACTIVATE = ". .venv/bin/activate"
PATIENCE = 500


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Environment]:
    """CPython of a series with the client, what serves, and a pydantic."""
    site = None if ANEW else distribution(tmp_path_factory.mktemp("distribution"))

    def environment(series: str, pydantic: str) -> Environment:
        if site is not None:
            kept = python_with_client if series == OLD else python_with_server
            return Environment(kept(series, PYDANTICS[pydantic]), site)
        home = tmp_path_factory.mktemp("environment")
        wanted = CLIENT if series == OLD else SERVER
        subprocess.run([interpreter(series), "-m", "venv", home], check=True, timeout=PATIENCE)
        subprocess.run([home / "bin/pip", "install", "-q", wanted, PYDANTICS[pydantic]], check=True, timeout=PATIENCE)
        return Environment(home / "bin/python", home)

    return environment


def ran(environment: Environment, source: str, at: Path) -> Done:
    """In a home of its own, without a cluster."""
    (at / "t").mkdir(parents=True)
    (at / "shown.py").write_text(source)
    variables = {"LAUNCH_ENDPOINT": "local", "HOME": str(at), "TMPDIR": str(at / "t"), "KUBECONFIG": "/nonexistent"}
    done = environment.run(at / "shown.py", variables=variables, timeout=200)
    assert left_behind(at / "t") == []
    return done


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("series", "pydantic"), MATRIX)
def test_the_python_of_readme_and_page_runs(
    made: Callable[[str, str], Environment], tmp_path: Path, series: str, pydantic: str
) -> None:
    environment = made(series, pydantic)
    versions = ran(environment, "import pydantic, sys; print(sys.version.split()[0], pydantic.VERSION)", tmp_path / "v")
    assert re.match(rf"{re.escape(series)}\.\d+ {pydantic[-1]}\.", versions.out), versions.err
    if series == OLD:
        _made_and_told_what_serves(environment, tmp_path)
        return
    shown = ran(environment, readme(), tmp_path / "readme")
    assert (shown.code, shown.out) == (0, "7\n"), shown.err
    page = ran(environment, script(), tmp_path / "page")
    assert page.code == 0, page.err
    bundle, prediction, response, listed = page.out.splitlines()
    assert bundle.startswith("doubler-")
    assert (prediction, response) == ("7", "SUCCESS {'result': '7'}")
    assert [name for name, _ in eval(listed)] == ["doubler", "doubler-from-code", "doubler"]


def _made_and_told_what_serves(environment: Environment, at: Path) -> None:
    for name, source in (("readme", readme()), ("page", script())):
        done = ran(environment, source, at / name)
        assert done.code == 1
        assert f"CPython 3.11 or newer, and this is {OLD}: run the same code under one" in done.err.splitlines()[-1]
    shown = [block.text for block in blocks() if block.page == PAGE and block.is_python]
    makes = [text for text in shown if ".wait(" not in text]
    done = ran(environment, "\n\n".join(makes), at / "makes")
    assert done.code == 0, done.err
    bundle, listed = done.out.splitlines()
    assert bundle.startswith("doubler-")
    assert [name for name, _ in eval(listed)] == ["doubler", "doubler-from-code", "doubler"]


def printed(commands: list[str], at: Path, series: str) -> list[str]:
    """By a shell, as a person types them: the next one once what serves is ready, and an end of it after the last."""
    (at / "bin").mkdir(exist_ok=True)
    for name in ("python3", f"python{series}"):
        (at / "bin" / name).unlink(missing_ok=True)
        (at / "bin" / name).symlink_to(interpreter(series))
    port, keeps_port = reserve()
    keeps_port.close()
    lines = ["exec 2>&1", "trap 'kill $served; wait $served' EXIT"]
    for command in commands:
        if command.startswith("modelbundle serve"):
            lines.append(f"{command.removesuffix('&')} --port {port} > served 2>&1 & served=$!")
            lines.append("until grep -q '^try: ' served || ! kill -0 $served; do sleep 0.1; done; cat served")
        else:
            lines.append(command.replace(":8080", f":{port}"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "KUBE"))}
    around = {**kept, "PATH": f"{at}/bin:/usr/bin:/bin"}
    shell = ["bash", "-c", "\n".join(lines)]
    done = subprocess.run(shell, cwd=at, env=around, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return re.sub(rf"(?<=[: ]){port}\b", "8080", done.stdout).splitlines()


@IN_EXAMPLES
@pytest.mark.timeout(900)
@pytest.mark.parametrize("series", ["3.11", "3.12", "3.13"])
def test_the_shell_of_readme_and_quickstart_runs(tmp_path: Path, series: str) -> None:
    for name in CHECKOUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    commands, shown = console(README)
    assert [command.split()[0] for command in commands] == ["python3", "pip", "printf", "modelbundle", "curl"]
    lines = printed(commands, tmp_path, series)
    assert missing(shown, lines) == [], lines
    (cat, pip, serve), shown = console(QUICKSTART)
    assert pip.split("  ")[0] == commands[1], "it is installed by now"
    lines = printed([ACTIVATE, cat, serve], tmp_path, series)
    assert missing(shown, lines) == [], lines
    (install, pack), shown = console(QUICKSTART, 1)
    assert commands[1] in install
    packed = printed([ACTIVATE, pack], tmp_path, series)
    assert missing(shown, packed) == [], packed
    (serve,), served = console(QUICKSTART, 2)
    asks, shown = console(QUICKSTART, 3)
    lines = printed([ACTIVATE, serve, *asks], tmp_path, series)
    assert missing(served + shown, lines) == [], lines
