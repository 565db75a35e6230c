"""A package index over HTTP made of tiny wheels, and an image: a Python with some of them already installed."""

import base64
import hashlib
import json
import os
import ssl
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import uv

from bundle_runtime.contract.layout import Layout
from bundle_runtime.prepare.place import place_runtime
from launch.local.pythons import NoSuchPythonError, find_python
from tools.local_cluster.index_server import normalized
from tools.testkit.distributions import wheel
from tools.testkit.http_in_thread import HttpInThread, Quiet


@contextmanager
def served_index(
    directory: Path,
    tls: ssl.SSLContext | None = None,
    login: str = "",
    answers: Mapping[str, int] | None = None,
) -> Iterator[str]:
    """A simple index (PEP 503) of the wheels and sources in directory/files, by HTTPS with `tls`; yields its URL.

    With a `login` (USER:PASSWORD) it answers 401 to who has none; `answers` are the HTTP codes of paths that begin so.
    """
    for path in sorted([*(directory / "files").glob("*.whl"), *(directory / "files").glob("*.tar.gz")]):
        project = directory / "simple" / normalized(path.name.split("-")[0])
        project.mkdir(parents=True, exist_ok=True)
        with (project / "index.html").open("a") as page:
            page.write(f'<a href="/files/{path.name}">{path.name}</a><br>\n')
    expected = "Basic " + base64.b64encode(login.encode()).decode()

    class Handler(Quiet, SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(directory))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            code = next((code for prefix, code in (answers or {}).items() if self.path.startswith(prefix)), 0)
            if login and self.headers.get("Authorization") != expected:
                self.send_whole(401, headers={"WWW-Authenticate": "Basic realm=index"})
            elif code:
                self.send_error(code)
            else:
                super().do_GET()

    with closing(HttpInThread(Handler, tls=tls)) as server:
        yield f"{server.url}/simple"


@contextmanager
def index_of(directory: Path, packages: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """served_index of wheels for these packages, each its name, its version and what it requires."""
    (directory / "files").mkdir()
    for name, version, *requires in packages:
        wheel(directory / "files", name, version, tuple(requires))
    with served_index(directory) as url:
        yield url


def image_with(directory: Path, python_version: str, wheels: list[Path]) -> Path:
    """A bare Python of that version with these wheels: its interpreter. Skips where the machine lacks the version."""
    try:
        base = find_python(python_version)
    except NoSuchPythonError as error:
        pytest.skip(str(error))
    subprocess.run([uv.find_uv_bin(), "venv", "-q", "--python", base, directory], check=True)
    python = directory / "bin" / "python"
    if wheels:  # by name: what is installed from a file is the image's own
        words: list[str | Path] = ["pip", "install", "-q", "--no-index", "--no-deps", "--python", python]
        names = ["==".join(path.name.split("-")[:2]) for path in wheels]
        subprocess.run([uv.find_uv_bin(), *words, "--find-links", wheels[0].parent, *names], check=True)
    return python


@dataclass
class Outcome:
    code: int
    report: dict[str, Any]
    log: str
    out: str
    layout: Layout

    def origin(self, python: Path, module: str) -> str:
        """Where the module comes from for a worker with the requirements directory before site-packages."""
        program = f"import sys; sys.path.insert(0, {self.layout.requirements_dir!r}); import {module} as m; "
        return subprocess.check_output([python, "-c", program + "print(m.origin, m.version)"], text=True).strip()


def run_install(
    root: Path, python: Path, requirements: list[str], index: str, seconds: float = 120, /, **environment: str
) -> Outcome:
    layout = Layout(str(root))
    document = json.dumps({"schemaVersion": 1, "requirements": requirements}).encode()
    Path(layout.config_file).parent.mkdir(parents=True, exist_ok=True)
    Path(layout.config_file).write_bytes(document)
    if not Path(layout.uv).exists():
        place_runtime(layout, with_uv=True)
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "MODELBUNDLE_ROOT": layout.root,
        "MODELBUNDLE_DIGEST": "sha256:" + hashlib.sha256(document).hexdigest(),
        "MODELBUNDLE_TERMINATION_LOG": str(root / "termination-log"),
        "UV_DEFAULT_INDEX": index,
        "UV_HTTP_RETRIES": "0",
        **environment,
    }
    command: list[str | Path] = [python, "-m", "bundle_runtime.worker.install"]
    done = subprocess.run(
        command, cwd=layout.runtime_dir, env=settings, capture_output=True, text=True, check=False, timeout=seconds
    )
    return Outcome(
        done.returncode, json.loads((root / "termination-log").read_text()), done.stderr, done.stdout, layout
    )
