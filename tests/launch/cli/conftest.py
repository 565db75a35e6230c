"""The `modelbundle` command as a process, and a bundle that it serves."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from examples.pack import EXAMPLES, pack
from launch.bundle.manifest import dump, read_bundle
from launch.cli import main
from launch.local.pythons import NoSuchPythonError, find_python
from tests.launch.cli.bundle_api import BundleApi

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0  # of what has to come; nothing is measured by it
THIS = "{}.{}".format(*sys.version_info[:2])


@dataclass
class Done:
    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KUBE"))}
    return {**kept, "PYTHONPATH": str(ROOT), "HOME": "/nonexistent", **more}


@pytest.fixture(scope="session")
def modelbundle() -> Callable[..., Done]:
    def run(*words: object, stdin: str = "", **variables: str) -> Done:
        command = [sys.executable, "-m", "launch.cli", *map(str, words)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=environment(**variables), check=False, timeout=100
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def modelbundle_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The command in this process: importing `kubernetes` takes a second, once is enough."""

    def run(*words: object, **variables: str) -> Done:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["modelbundle", *map(str, words)])
        monkeypatch.setattr("launch.cli.end_on_interruption", lambda: None)  # Ctrl-C stays pytest's
        monkeypatch.setattr("launch.cli.packing.raise_on_interruption", lambda: None)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """pytest's own are long in a process of pytest-xdist, and `serve` goes elsewhere from a long TMPDIR."""
    with tempfile.TemporaryDirectory(prefix="t-") as directory:
        yield Path(directory)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A kubeconfig for an API server that has these bundles; `api.server` is the last one made."""
    servers: list[BundleApi] = []

    def make(*bundles: dict) -> str:
        servers.append(BundleApi(*bundles))
        make.server = servers[-1]  # type: ignore[attr-defined]
        return servers[-1].write_kubeconfig(tmp_path / f"kubeconfig-{len(servers)}")

    yield make
    for server in servers:
        server.close()


@dataclass
class Serving:
    """`modelbundle serve` on its way: its log so far, all of it once it has ended, its URL once it is ready."""

    process: "subprocess.Popen[str]"
    read: list[str] = field(default_factory=list)
    url: str = ""
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.read.append(line.rstrip("\n"))
            if line.startswith("try: curl "):
                self.url = line.split()[2].removesuffix("/predict")

    @property
    def lines(self) -> list[str]:
        if self.process.poll() is not None:
            self.reader.join(PATIENCE)
        return self.read

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def wait_for_url(self) -> None:
        deadline = time.monotonic() + 90
        while not self.url and time.monotonic() < deadline and self.process.poll() is None:
            time.sleep(0.02)
        assert self.url, self.log

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def left_behind(temporary: Path) -> list[str]:
    """What is there of a `serve` that had this TMPDIR: its directories, and the processes that have it from there."""
    left = [str(path) for path in temporary.glob("modelbundle-*")]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={temporary}".encode() in (process / "environ").read_bytes():
                left.append(f"{process.name}: {(process / 'cmdline').read_bytes().replace(bytes(1), b' ').decode()}")
    return left


def nothing_left_behind(temporary: Path) -> None:
    """Soon: after a kill -9 nobody can be waited for."""
    deadline = time.monotonic() + PATIENCE
    while (left := left_behind(temporary)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == []


def start_serving(*words: object, temporary: Path, **variables: str) -> Serving:
    command = [sys.executable, "-m", "launch.cli", "serve", "--port", "0", *map(str, words)]
    settings = environment(TMPDIR=str(temporary), XDG_CACHE_HOME=str(temporary / "cache"), **variables)
    process = subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return Serving(process)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []
    temporary = tmp_path / "t"
    temporary.mkdir()

    def start(*words: object, **variables: str) -> Serving:
        started.append(start_serving(*words, temporary=temporary, **variables))
        return started[-1]

    yield start
    for serving in started:
        serving.process.kill()
        serving.process.wait()
    nothing_left_behind(temporary)


def packed(example: str, out: Path, python_version: str | None = None, **bundle: object) -> Path:
    """An example's manifest, for another Python or with other fields of spec.bundle where they are given."""
    source = EXAMPLES / example
    if python_version or bundle:
        manifest_text = (source / "modelbundle.yaml").read_text()
        copy = out / "source" / example
        copy.mkdir(parents=True)
        for path in source.glob("*.py"):
            (copy / path.name).write_text(path.read_text())
        declared = manifest_text.split('pythonVersion: "')[1].split('"')[0]
        wanted = python_version or declared
        (copy / "modelbundle.yaml").write_text(
            manifest_text.replace(f'pythonVersion: "{declared}"', f'pythonVersion: "{wanted}"')
        )
        source = copy
    try:
        path = pack(source, out)
    except NoSuchPythonError as error:
        pytest.skip(str(error))
    if bundle:
        manifest = read_bundle(path)
        manifest["spec"]["bundle"].update(bundle)
        path.write_text(dump(manifest))
    return path


@pytest.fixture
def python_of() -> Callable[[str], str]:
    def find(version: str) -> str:
        try:
            return find_python(version)
        except NoSuchPythonError as error:
            pytest.skip(str(error))

    return find


@pytest.fixture(scope="session")
def served_quickstart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    directory = tmp_path_factory.mktemp("served")
    serving = start_serving(packed("quickstart", directory, THIS), temporary=directory)
    serving.wait_for_url()
    yield serving
    serving.stop()
    nothing_left_behind(directory)
