"""Serves a bundle without a cluster: prepare, install, server and worker as in a pod, as processes of this machine.

The pieces are the pod's own, in the pod's order and below the pod's layout; only the root is a temporary directory and
the "image" is a Python of this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterator, List, Optional

import bundle_runtime
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import RuntimeFailure
from bundle_spec.canonical import bundle_document, canonical
from bundle_spec.document import BundleDocument, digest
from bundle_spec.names import Reason
from bundle_spec.value_count import check_count
from launch.api.interruption import held, raise_lost
from launch.local.pythons import find_python, version_of
from launch.local.read_only import take_writing_away
from launch.local.reaper import ProcessReaper
from launch.local.requirements_cache import requirements_cache, user_cache
from launch.local.settings import server_command, worker_variables
from launch.local.worker_environment import install_environment, server_environment, worker_environment

Say = Callable[[str], None]
STOP_SECONDS = 10.0
_ENVIRONMENT = {"install": install_environment, "server": server_environment, "worker": worker_environment}
LONGEST_SOCKET_PATH = 103  # bytes; Linux takes 107, macOS 103
_HERE = {  # beside what a pod says: the next commands
    Reason.ARTIFACT_NOT_FOUND.value: """
Where `modelbundle render` wrote the bundle, the same line with --upload puts the artifact there;
or serve the code itself: modelbundle serve FILE.py""",
    Reason.REQUIREMENTS_CONFLICT.value: """
Here the image is a Python, and one without these packages is made by: {python} -m venv bare
Then: modelbundle serve FILE --python bare/bin/python""",
}
_UNDER_IT = len(os.path.relpath(Layout("/").worker_socket, "/")) + len("/modelbundle-12345678/")


class ServingError(Exception):
    """The bundle cannot be served; the text says why, in the words of the process that failed."""


def _short_directory() -> str:
    """Where temporary files go, unless a socket's path would be too long there."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) + _UNDER_IT <= LONGEST_SOCKET_PATH else "/tmp"


class LocalServing:
    """One bundle below a temporary root; a context manager, so that nothing is left behind."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        directory: Path,
        python: Optional[str],
        say: Say,
        added: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.bundle: Mapping[str, Any] = manifest["spec"]["bundle"]
        self.name = str((manifest.get("metadata") or {}).get("name") or "model")
        self.serving: Mapping[str, Any] = manifest["spec"].get("serving") or {}
        self.directory, self.say, self.given_python = directory, say, python
        self.added = added or {}  # to the worker's environment
        with held():
            self.reaper = ProcessReaper()
            self.root = Path(tempfile.mkdtemp(prefix="modelbundle-", dir=_short_directory()))
            self.reaper.remove_at_end(str(self.root))
        self.layout = Layout(str(self.root))
        self.processes: Dict[str, "subprocess.Popen[bytes]"] = {}
        self.digest = ""
        self.python = ""

    def __enter__(self) -> LocalServing:
        return self

    def __exit__(self, *_: object) -> None:
        with held():
            try:
                self.stop()
            finally:
                self.reaper.end()

    def prepare(self) -> None:
        """The document, the artifact, a Python, its requirements: everything before the first process that stays."""
        document = bundle_document(self.bundle)
        check_count(document)
        content = canonical(document)
        self.digest = digest(content)
        config = Path(self.layout.config_file)
        config.parent.mkdir(parents=True)
        config.write_bytes(content)
        Path(self.layout.worker_socket).parent.mkdir(parents=True)
        self.python = self._choose_python(document["artifact"].get("pythonVersion"))
        self._fetch(document)
        if document.get("requirements"):
            self._install(document["requirements"])

    def start(self, port: int) -> None:
        """Server first, as in a pod; the worker connects to it."""
        server = [sys.executable, *server_command(self.name, port, self.serving)]
        self._spawn("server", server, cwd=None, extra={})
        variables = worker_variables(self.bundle.get("env") or [], self.serving)
        variables.update(self.added)
        self._spawn("worker", [self.python, "-m", "bundle_runtime.worker"], self.layout.runtime_dir, variables)

    def wait_until_ready(self, url: str) -> None:
        """Until the server says ready; the first process that ends instead is the failure."""
        with held():  # while they start
            import urllib.error
            import urllib.request

        while True:
            raise_lost()
            self.check()
            try:
                with urllib.request.urlopen(url + "/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)

    def check(self) -> None:
        """ServingError when the server or the worker has ended."""
        for name in ("worker", "server"):
            process = self.processes.get(name)
            if process is not None and process.poll() is not None:
                raise ServingError(self._last_words(name, process.returncode))

    def stop(self) -> None:
        """The server closes the worker, after what is in flight; a process that stays is killed."""
        for name in ("install", "server", "worker"):  # without its server the worker heeds SIGTERM
            process = self.processes.pop(name, None)
            if process is None:
                continue
            try:
                _signal(process, signal.SIGTERM)
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()

    def _choose_python(self, wanted: Optional[str]) -> str:
        if self.given_python:
            found = version_of(self.given_python)
            if found is None:
                raise ServingError(f"{self.given_python} does not run")
            self.say(f"worker Python: {self.given_python} ({found}, as given)")
            return self.given_python
        if not wanted:
            self.say(f"worker Python: {sys.executable} (this one: the bundle names no pythonVersion)")
            return sys.executable
        python = find_python(wanted)
        self.say(f"worker Python: {python} (the bundle's pythonVersion is {wanted})")
        return python

    def _fetch(self, document: BundleDocument) -> None:
        with held():  # an exception in the middle of an import may be lost
            from bundle_runtime.prepare.artifact import prepare

        uri = absolute_uri(self.bundle["artifact"]["uri"], self.directory)
        self.say(f"artifact: {uri}")
        try:
            prepared = prepare(self.layout, uri, document, allow_local=True, warm_up=self.serving.get("warmUp") or "")
        except RuntimeFailure as failure:
            raise ServingError(f"{failure}{self._here(failure.reason)}") from failure
        take_writing_away(Path(self.layout.artifact_dir))
        self.say(f"artifact: {prepared.bytes} bytes, sha256 verified in {sum(prepared.seconds.values()):.1f} s")

    def _install(self, requirements: List[str]) -> None:
        """Into a directory that outlives this run: the same bundle under the same Python installs once."""
        key = f"{self.digest[7:23]}-{(version_of(self.python) or '')}-{abs(hash_text(self.python)):x}"
        kept = requirements_cache() / key
        kept.mkdir(parents=True, exist_ok=True)
        Path(self.layout.requirements_dir).symlink_to(kept)
        self.say(f"requirements: {', '.join(requirements)}")
        scratch = self.root / "install"  # it is killed without a word when we are interrupted
        scratch.mkdir()
        environment = {
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(user_cache() / "uv"),
            "TMPDIR": str(scratch),
        }
        process = self._spawn(
            "install", [self.python, "-m", "bundle_runtime.worker.install"], self.layout.runtime_dir, environment
        )
        if process.wait():
            raise ServingError(self._last_words("install", process.returncode))
        report = self._report("install")
        self.say(f"requirements: {report.get('count', 0)} packages beside those that this Python has, in {kept}")
        self.reaper.forget(self.processes.pop("install").pid)

    def _spawn(
        self, name: str, command: List[str], cwd: Optional[str], extra: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        environment = {**_ENVIRONMENT[name](os.environ), **extra}
        if name == "server":  # runs from this interpreter, which may know bundle_runtime by PYTHONPATH or directory
            environment["PYTHONPATH"] = str(Path(bundle_runtime.__file__).resolve().parent.parent)
        environment.update(
            MODELBUNDLE_ROOT=self.layout.root,
            MODELBUNDLE_DIGEST=self.digest,
            MODELBUNDLE_TERMINATION_LOG=str(self._report_file(name)),
        )
        with held():
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we stop them in order
            )
            self.reaper.kill_at_end(process.pid)
            self.processes[name] = process
        assert process.stdout is not None
        threading.Thread(target=_relay, args=(process.stdout, name, self.say), daemon=True).start()
        return process

    def _report_file(self, name: str) -> Path:
        return self.root / f"{name}.report"

    def _report(self, name: str) -> Dict[str, Any]:
        try:
            report = json.loads(self._report_file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return report if isinstance(report, dict) else {}

    def _here(self, reason: str) -> str:
        return _HERE.get(reason, "").format(python=self.python)

    def _last_words(self, name: str, code: int) -> str:
        report = self._report(name)
        if report.get("reason"):
            return f"{report['reason']}: {report.get('message', '')}{self._here(report['reason'])}"
        ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"the {name} {ended}; its log is above"


def absolute_uri(uri: str, directory: Path) -> str:
    """A path, or file: with a path, counts from the manifest's directory."""
    if "://" in uri and not uri.startswith("file://."):
        return uri
    path = uri[len("file:") :] if uri.startswith("file:") else uri
    return str((directory / path.replace("//", "", 1) if path.startswith("//.") else directory / path).resolve())


def hash_text(text: str) -> int:
    """The same in every process, unlike hash()."""
    return zlib.crc32(text.encode())


def _relay(stream: IO[bytes], name: str, say: Say) -> None:
    for line in _lines(stream):
        say(f"[{name}] {line}")


def _lines(stream: IO[bytes]) -> Iterator[str]:
    with stream:
        for line in stream:
            yield line.decode("utf-8", "replace").rstrip("\n")


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
