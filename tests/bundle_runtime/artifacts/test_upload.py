"""Putting a file beside an artifact: what is there is replaced, and a refusal says what to allow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bundle_runtime.artifacts import upload as upload_module
from bundle_runtime.artifacts.fetch import fetch, hash_file
from bundle_runtime.artifacts.upload import upload
from bundle_runtime.contract.report import RuntimeFailure
from tools.testkit.http_in_thread import HttpInThread, Quiet
from tools.testkit.request_body import request_body

URI = "s3://models/a b/lay?er#s/x.tar.zst"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(12 << 20))
    return path


@pytest.mark.parametrize("part", [5 << 20, 32 << 20], ids=["in parts", "whole"])
def test_what_is_put_is_what_is_fetched(
    s3: Callable[[str, bytes], str], tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(upload_module, "PART_BYTES", part)
    s3("a b/lay?er#s/x.tar.zst", b"something else")
    upload(file, URI)
    assert fetch(URI, tmp_path / "again").sha256 == hash_file(file)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, str], list[str]]]:
    """A store that answers every request so; what it was asked."""
    servers: list[HttpInThread] = []

    def start(status: int, code: str) -> list[str]:
        asked: list[str] = []

        class Handler(Quiet):
            def do_POST(self) -> None:
                asked.append(f"{self.command} {self.path}")
                request_body(self)
                self.send_whole(
                    status, f"<Error><Code>{code}</Code><Message>as the store has it</Message></Error>".encode()
                )

            do_PUT = do_DELETE = do_POST

        servers.append(HttpInThread(Handler))
        monkeypatch.setenv("AWS_ENDPOINT_URL", servers[-1].url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secretkey")
        return asked

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("part", [5 << 20, 32 << 20], ids=["in parts", "whole"])
@pytest.mark.parametrize(
    ("status", "code", "reason", "says"),
    [
        (403, "AccessDenied", "StoreAccessDenied", "allow the keys of the artifact Secret s3:PutObject"),
        (404, "NoSuchBucket", "StoreUnreachable", "404 NoSuchBucket to a write of s3://models/a b/lay"),
        (507, "XMinioStorageFull", "StoreUnreachable", "as the store has it"),
        (403, "SecondLevelDomainForbidden", "StoreUnreachable", "addresses of the form BUCKET.HOST only"),
    ],
)
def test_a_refusal_is_said(
    answering: Callable[[int, str], list[str]],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    part: int,
    status: int,
    code: str,
    reason: str,
    says: str,
) -> None:
    monkeypatch.setattr(upload_module, "PART_BYTES", part)
    asked = answering(status, code)
    with pytest.raises(RuntimeFailure) as failure:
        upload(file, URI)
    assert failure.value.reason == reason
    assert says in failure.value.message
    assert "secretkey" not in failure.value.message
    assert asked


def test_without_keys_nothing_is_asked(
    answering: Callable[[int, str], list[str]], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(200, "")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(RuntimeFailure, match="StoreAccessDenied: there are no keys with which"):
        upload(file, URI)
    assert asked == []


def test_a_store_that_is_not_there_is_unreachable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module, "ATTEMPTS", 1)
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with pytest.raises(RuntimeFailure, match=r"StoreUnreachable: cannot write s3://models/.*127.0.0.1 is the machine"):
        upload(file, URI)
