"""An HTTP store that can misbehave, a real S3 server, and bundle documents for what they hold."""

import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from bundle_runtime.contract.layout import Layout
from bundle_spec.document import BundleDocument
from launch.local.ports import reserve

MISSING = 'no S3 server: versitygw is not on PATH; `eval "$(python -m tools.local_cluster env)"` brings it'


def document_for(content: bytes, packaging: str = "cloudpickle", **more: Any) -> BundleDocument:
    """Of an artifact with this content; `more` are other fields of the document."""
    artifact = {"sha256": hashlib.sha256(content).hexdigest(), "packaging": packaging, "pythonVersion": "3.11"}
    return cast("BundleDocument", {"schemaVersion": 1, "artifact": artifact, **more})


def write_document(layout: Layout, document: BundleDocument) -> str:
    """Write bundle.json; returns the digest that the pod would be started with."""
    content = json.dumps(document).encode()
    path = Path(layout.config_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return "sha256:" + hashlib.sha256(content).hexdigest()


class HttpStore:
    """Answers by path; `faults` are taken one by one before the true answer: a status, or "cut". `tls`: by HTTPS."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[object] = []
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                content = outer.files.get(self.path.partition("?")[0])
                fault = outer.faults.pop(0) if outer.faults else None
                status = fault if isinstance(fault, int) else 200 if content is not None else 404
                body = content if status == 200 and content is not None else b"no"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
                if fault == "cut":
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


def find_versitygw() -> str | None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "model-bundles"
    found = [str(path) for path in sorted(cache.glob("bin/*/versitygw")) if path.is_file() and os.access(path, os.X_OK)]
    return shutil.which("versitygw") or (found[-1] if found else None)


@contextmanager
def running_s3(directory: Path, *options: str) -> Iterator[dict[str, str]]:
    """The AWS_* environment of a real S3 server with the bucket `models`; options are versitygw's."""
    program = find_versitygw()
    if program is None:
        pytest.skip(MISSING)
    data, sidecar = directory / "data", directory / "meta"
    (data / "models").mkdir(parents=True)
    sidecar.mkdir()
    port, keeps_port = reserve()
    command = [program, "--port", f"127.0.0.1:{port}", "--access", "tester", "--secret", "testersecret"]
    command += options
    process = subprocess.Popen(
        [*command, "posix", "--sidecar", str(sidecar), str(data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for_port(port, process)
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "tester",
            "AWS_SECRET_ACCESS_KEY": "testersecret",
            "AWS_REGION": "us-east-1",
        }
    finally:
        process.terminate()
        process.wait(60)
        keeps_port.close()


def _wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"versitygw did not start: exit code {process.poll()}")
