"""An HTTP store that can misbehave, a real S3 server, and bundle documents for what they hold."""

import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from bundle_runtime.contract.layout import Layout
from bundle_spec.document import BundleDocument
from launch.local.ports import reserve
from tools.local_cluster.golang import bin_directory
from tools.testkit.http_in_thread import HttpInThread, Quiet

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


class HttpStore(HttpInThread):
    """Answers by path; `faults` are taken one by one before the true answer: a status, or "cut". `tls`: by HTTPS."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[object] = []
        self.asked = 0
        outer = self

        class Handler(Quiet):
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

        super().__init__(Handler, tls=tls)


def find_versitygw() -> str | None:
    """This checkout's, as it is in the local cluster; another version may lack an option."""
    built = bin_directory() / "versitygw"
    return str(built) if built.is_file() else shutil.which("versitygw")


@contextmanager
def running_s3(directory: Path, *options: str) -> Iterator[dict[str, str]]:
    """The AWS_* environment of a real S3 server with the bucket `models`; options are versitygw's."""
    data, sidecar = directory / "data", directory / "meta"
    (data / "models").mkdir(parents=True)
    sidecar.mkdir()
    with serving_s3(data, "127.0.0.1", "tester", "testersecret", *options, sidecar=sidecar) as url:
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "tester",
            "AWS_SECRET_ACCESS_KEY": "testersecret",
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def serving_s3(
    data: Path, host: str, access_key: str, secret_key: str, *options: str, sidecar: Path | None = None
) -> Iterator[str]:
    """The URL of an S3 server of what is in a directory; with the option `--cert` it speaks TLS."""
    program = find_versitygw()
    if program is None:
        pytest.skip(MISSING)
    port, keeps_port = reserve()
    beside = ["--sidecar", str(sidecar)] if sidecar else []
    command = [program, "--port", f"{host}:{port}", *options, "posix", *beside, str(data)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "ROOT_ACCESS_KEY": access_key, "ROOT_SECRET_KEY": secret_key},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(host, port, process)
        yield f"{'https' if '--cert' in options else 'http'}://{host}:{port}"
    finally:
        process.terminate()
        process.wait(60)
        keeps_port.close()


def _wait_for_port(host: str, port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"versitygw did not start: exit code {process.poll()}")
