"""A real S3 server with a log of what it was asked, files to put, and the put as a process of its own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.stores.artifact import Packed, packed
from tools.testkit.artifact_stores import running_s3
from tools.testkit.pythons import python_of

ROOT = Path(__file__).resolve().parents[3]
MIB = 1 << 20
PUT_FILE = ROOT / "tools/testkit/put_file.py"


class S3:
    """The server's bucket `models`, seen by its own client, and its access log."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        import boto3

        self.environment, self._log = environment, log
        self.client = boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )

    def asked(self, operation: str) -> int:
        """How often the server was asked for it, such as UploadPart, since it started."""
        return self._log.read_text().count(f" s3_{operation} ")

    def read(self, uri: str) -> bytes:
        return bytes(self.client.get_object(Bucket="models", Key=key_of(uri))["Body"].read())

    def metadata(self, uri: str) -> dict[str, str]:
        return dict(self.client.head_object(Bucket="models", Key=key_of(uri))["Metadata"])

    def unfinished(self, uri: str) -> list[str]:
        found = self.client.list_multipart_uploads(Bucket="models", Prefix=key_of(uri)).get("Uploads", [])
        return [upload["UploadId"] for upload in found if upload["Key"] == key_of(uri)]

    def parts(self, uri: str, upload_id: str) -> list[dict[str, Any]]:
        found = self.client.list_parts(Bucket="models", Key=key_of(uri), UploadId=upload_id)
        return [dict(part) for part in found.get("Parts", [])]


def key_of(uri: str) -> str:
    return uri.removeprefix("s3://models/")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    directory = tmp_path_factory.mktemp("s3")
    with running_s3(directory, "--access-log", str(directory / "log")) as environment:
        yield S3(environment, directory / "log")


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """With the server's keys in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Packed]:
    """A packed file of so many bytes; another seed gives another content."""

    def make(size: int = 1000, seed: object = 0, packaging: str = "cloudpickle") -> Packed:
        path = tmp_path / f"bundle-{size}-{seed}"
        block = random.Random(f"{tmp_path} {seed}").randbytes(MIB)
        with path.open("wb") as file:
            for number in range(size // MIB):
                file.write(number.to_bytes(8, "big") + block[8:])  # no two parts are alike
            file.write(block[: size % MIB])
        return packed(path, packaging)

    return make


Put = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def put_process(s3: S3) -> Iterator[Put]:
    """Starts put_file.py on the bundle; no such process outlives its test."""
    started: list[subprocess.Popen[str]] = []

    def start(uri: str, bundle: Packed, *part: int, python: str = sys.executable) -> subprocess.Popen[str]:
        command = [python, str(PUT_FILE), uri, str(bundle.path), *map(str, part)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def result(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return dict(json.loads(out))


@pytest.fixture(scope="session")
def python38(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python 3.8 with what the client extra brings there."""
    found = python_of("3.8")
    directory = tmp_path_factory.mktemp("python38")
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "-q", "--python", found, str(directory)], check=True)
    python = str(directory / "bin/python")
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "boto3>=1.36", "tqdm>=4.66"], check=True)
    return python
