"""`modelbundle ui` as a process: the URL that it prints, what it serves there, and its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch.ui.opening import has_screen, opened
from tests.launch.cli.conftest import Done, environment
from tests.launch.ui.stand_in import GROUP, StandIn, bundle


@pytest.fixture
def api() -> Iterator[StandIn]:
    found = StandIn()
    yield found
    found.close()


def started(api: StandIn, tmp_path: Path) -> subprocess.Popen[str]:
    return started_with(KUBECONFIG=api.write_kubeconfig(tmp_path / "kubeconfig"))


def started_with(**variables: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "launch.cli", "ui", "--no-open"]
    settings = environment(**variables)
    return subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    return said


def test_the_url_that_is_printed_is_the_pages(api: StandIn, tmp_path: Path) -> None:
    api.put("modelbundles", bundle("b"))
    process = started(api, tmp_path)
    try:
        assert process.stdout is not None
        url, _, token = process.stdout.readline().strip().partition("#token=")
        assert url.startswith("http://127.0.0.1:")
        assert len(token) > 40
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert b"<title>Model bundles</title>" in answer.read()
        request = urllib.request.Request(
            f"{url}api/bundle?namespace=models&name=b", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["row"]["health"] == "Ready"
        assert ended(process).splitlines()[-1] == "stopped"
    finally:
        process.kill()
        process.wait()


def test_a_viewer_of_one_namespace_is_told(api: StandIn, tmp_path: Path) -> None:
    api.forbidden = {f"{GROUP}/modelbundles"}
    process = started(api, tmp_path)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert "only namespace models is shown: " in ended(process)
    finally:
        process.kill()
        process.wait()


def test_without_a_cluster_it_is_the_page_of_local_bundles(tmp_path: Path) -> None:
    process = started_with(LAUNCH_ENDPOINT="local", LAUNCH_LOCAL_DIR=str(tmp_path))
    try:
        assert process.stdout is not None
        url, _, token = process.stdout.readline().strip().partition("#token=")
        request = urllib.request.Request(f"{url}api/stream", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            begun = json.loads(answer.readline()[len(b"data: ") :])
        assert begun["info"]["where"] == f"this machine, {tmp_path / 'objects'}"
        ended(process)
    finally:
        process.kill()
        process.wait()


def test_a_port_that_is_taken_is_one_message(api: StandIn, tmp_path: Path, modelbundle: Callable[..., Done]) -> None:
    port = api.port
    done = modelbundle("ui", "--no-open", "--port", port, KUBECONFIG=api.write_kubeconfig(tmp_path / "kubeconfig"))
    assert done.code == 1
    assert f"port {port} is taken" in done.err


def test_without_a_cluster_it_is_one_message(tmp_path: Path, modelbundle: Callable[..., Done]) -> None:
    done = modelbundle("ui", "--no-open", KUBECONFIG=str(tmp_path / "nothing"))
    assert done.code == 1
    assert "no Kubernetes to talk to" in done.err


def test_the_browser_is_given_a_file_and_no_token_on_a_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr("webbrowser.open", given.append)
    with opened("http://127.0.0.1:1/#token=secret&x"):
        while not given:
            pass
        file = Path(given[0].removeprefix("file://"))
        assert "secret" not in given[0]
        assert "#token=secret&amp;x" in file.read_text()
        assert file.parent.stat().st_mode & 0o077 == 0
    assert not file.exists()


def test_a_browser_is_opened_where_there_is_a_screen() -> None:
    assert has_screen({"DISPLAY": ":0"}, "linux")
    assert has_screen({}, "darwin")
    assert not has_screen({}, "linux")
