"""A real server and a real worker as two processes on a root of their own, the way a pod has them.

The worker sees what prepare would have put there and nothing else: the few files of ours that it needs, cloudpickle to
fall back on, and the artifact.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from tools.testkit.worker_runtime import put_runtime

REPOSITORY = Path(__file__).resolve().parents[2]
PARENT = "bundle_runtime/worker/parent.py"
SERVER_PARENT = "bundle_runtime/server/parent.py"
PATIENCE = 60.0  # of what has to come; nothing is measured by it


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


def at_rest(count: Callable[[], int], seconds: float = 1.0) -> int:
    """What it counts once that has not changed for so long."""
    found, since = count(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.05)
        if (now := count()) != found:
            found, since = now, time.monotonic()
    return found


def until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            found = true()
            if found:
                return found
        assert time.monotonic() < end, f"not within {patience:g} s: {what}"
        time.sleep(0.01)


def code_bundle(root: Path, source: str) -> None:
    """A zip bundle, unpacked: ``source`` is predict.py and gets a load_predict_fn if it has none."""
    artifact = root / "bundle/artifact"
    artifact.mkdir(parents=True)
    if "def load_predict_fn" not in source:
        source += "\n\ndef load_predict_fn(model):\n    return predict\n"
    (artifact / "predict.py").write_text(source)


def pickle_bundle(root: Path, content: Any) -> None:
    artifact = root / "bundle/artifact"
    artifact.mkdir(parents=True)
    (artifact / "bundle.pkl").write_bytes(cloudpickle.dumps(content))


class Pair:
    """`options` are the server's. `checkout` is whose server and worker run."""

    def __init__(
        self,
        root: Path,
        document: dict[str, Any],
        python: str = "",
        checkout: Path = REPOSITORY,
        **options: Any,
    ) -> None:
        self.root = root
        self.checkout = checkout
        self.options = options
        self.python = python or os.environ.get("WORKER_PYTHON") or sys.executable
        self.environment: dict[str, str] = {}
        self.stdout: int | None = None  # the server's, when it is not this process's
        self.open_files: int | None = None  # that the server may have, when it is less than this process's
        self.report_file = root / "termination-log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._workers: list[subprocess.Popen[bytes]] = []
        self.server: subprocess.Popen[bytes]
        self.worker: subprocess.Popen[bytes]
        self.port = 0
        (root / "config").mkdir(parents=True, exist_ok=True)
        (root / "bundle/artifact").mkdir(parents=True, exist_ok=True)
        if not (root / "bundle/runtime").exists():
            put_runtime(root / "bundle/runtime", checkout)
        packaging = "cloudpickle" if (root / "bundle/artifact/bundle.pkl").exists() else "zip"
        full = {"schemaVersion": 1, **document}
        full["artifact"] = {"sha256": "0" * 64, "packaging": packaging, **document.get("artifact", {})}
        if packaging == "zip":
            full = {"loadPredictFn": "predict.load_predict_fn", **full}
        content = json.dumps(full).encode()
        (root / "config/bundle.json").write_bytes(content)
        self.digest = "sha256:" + hashlib.sha256(content).hexdigest()

    # processes

    def start(self, wait: bool = True) -> Pair:
        self.start_server()
        self.start_worker()
        if wait:
            self.wait_ready()
        return self

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ours = {"MODELBUNDLE_ROOT": str(self.root), "MODELBUNDLE_DIGEST": self.digest}
        return {**kept, **ours, **self.environment}

    def start_server(self) -> None:
        command = [sys.executable, "-m", "bundle_runtime.server", "--host", "127.0.0.1", "--port", str(self.port)]
        for name, value in {"drain_seconds": 0, **self.options}.items():
            command += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
        if self.open_files is not None:
            command = ["sh", "-c", f'ulimit -n {self.open_files} && exec "$@"', "sh", *command]
        log = self.root / "server.log"
        with open(log, "ab") as output:
            at = output.tell()
            self.server = subprocess.Popen(
                command, cwd=self.checkout, env=self._environment(), stdout=self.stdout, stderr=output
            )
        self._processes.append(self.server)
        found = until(lambda: re.search(rb"listening on port (\d+)", log.read_bytes()[at:]), f"server up: {log}")
        self.port = int(found[1])

    def start_worker(self) -> None:
        environment = self._environment()
        environment["MODELBUNDLE_TERMINATION_LOG"] = str(self.report_file)
        environment["MODELBUNDLE_MAX_CONCURRENCY"] = str(self.options.get("max_concurrency", 1))
        with open(self.root / "worker.log", "ab") as output:
            self.worker = subprocess.Popen(
                [self.python, "-m", "bundle_runtime.worker"],
                cwd=self.root / "bundle/runtime",
                env=environment,
                stdout=output,
                stderr=output,
            )
        self._processes.append(self.worker)
        self._workers.append(self.worker)

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                if process in self._workers:
                    self._end_worker(process)
                process.kill()
            process.wait()

    def _end_worker(self, process: subprocess.Popen[bytes]) -> None:
        """Its parent goes last: it ends what user code has left running."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            os.kill(self._child(process.pid, PARENT), signal.SIGKILL)
            process.wait(5)

    def drain(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "bundle_runtime.server.drain"], cwd=self.checkout, env=self._environment()
        )
        self._processes.append(process)
        return process

    @property
    def server_log(self) -> str:
        return (self.root / "server.log").read_text()

    @property
    def worker_log(self) -> str:
        return (self.root / "worker.log").read_text()

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads(self.report_file.read_bytes()))

    # clients

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def predict(self, **fields: Any) -> Answer:
        return self.call("POST", "/predict", json.dumps(fields).encode())

    def ready(self) -> bool:
        return self.call("GET", "/readyz").status == 200

    def wait_ready(self) -> None:
        until(self.ready, f"ready; the worker said: {self.worker_log}")

    def metric(self, name: str) -> float:
        text = self.call("GET", "/metrics").body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    @property
    def worker_pid(self) -> int:
        """The process that runs user code, a child of `worker`; its own where the checkout has no such parent."""
        return self._child(self.worker.pid, PARENT)

    @property
    def server_pid(self) -> int:
        """The process that serves, a child of `server`; its own where the checkout has no such parent."""
        return self._child(self.server.pid, SERVER_PARENT)

    def _child(self, pid: int, parent: str) -> int:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        if parent == SERVER_PARENT:  # it also has what the one before has left, for a moment
            children = [child for child in children if os.getpgid(child) == child]
        return children[0] if children and (self.checkout / parent).exists() else pid

    def kill(self, process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
        """Of a worker the process that runs user code, as the kernel does it when memory is short; SIGTERM is for its
        parent, as the kubelet sends it. A server is killed as its container is: with all that runs in it."""
        if process is self.worker and number != signal.SIGTERM:
            os.kill(self.worker_pid, number)
        elif number == signal.SIGKILL and process is self.server:
            serving = self.server_pid
            process.kill()
            until(lambda: not Path(f"/proc/{serving}/fd/0").exists(), "it has closed its files")
        else:
            process.send_signal(number)


class Background:
    """One prediction that is under way while the test does something else."""

    def __init__(self, pair: Pair, **fields: Any) -> None:
        self._answer: Answer | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(pair, fields), daemon=True)
        self._thread.start()

    def _run(self, pair: Pair, fields: dict[str, Any]) -> None:
        try:
            self._answer = pair.predict(**fields)
        except Exception as error:
            self._error = error

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def answer(self) -> Answer:
        self._thread.join(PATIENCE)
        assert self._answer is not None, self._error or "no answer"
        return self._answer


@contextlib.contextmanager
def stopping(pair: Pair) -> Iterator[Pair]:
    try:
        yield pair
    finally:
        pair.stop()
