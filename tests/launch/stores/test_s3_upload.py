"""A large upload survives its process: only what is missing or different is sent again, in little memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from launch.errors import StoreError
from launch.stores import s3_upload
from launch.stores.artifact import Packed
from launch.stores.artifact_store import store_at
from tests.launch.stores.conftest import key_of, result
from tools.testkit.pair import at_rest

if TYPE_CHECKING:
    from tests.launch.stores.conftest import S3, Put

MIB = 1 << 20
PART = 5 * MIB
Bundle = Callable[..., Packed]


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGINT])
def test_a_cut_off_upload_goes_on_where_it_stopped(
    s3: S3, bundle: Bundle, put_process: Put, ended_by: signal.Signals
) -> None:
    packed = bundle(100 * MIB, ended_by.name)
    uri = store_at("s3://models/resumed").uri_of(packed)
    first = put_process("s3://models/resumed", packed, PART, 1)  # a second between parts: it is not over too soon
    _wait_for_parts(s3, uri, first, 3)
    first.send_signal(ended_by)
    _, said = first.communicate(timeout=60)
    assert first.returncode != 0
    if ended_by is signal.SIGINT:
        assert "parts are stored; the same call goes on from there" in said
    (upload_id,) = s3.unfinished(uri)
    # parts that were on their way when their sender was killed may be stored a moment later
    kept = at_rest(lambda: len(s3.parts(uri, upload_id)))
    assert 3 <= kept < 20

    before = s3.asked("UploadPart")
    assert result(put_process("s3://models/resumed", packed, PART))["sent"] is True
    assert s3.asked("UploadPart") - before == 20 - kept
    assert s3.read(uri) == packed.path.read_bytes()
    assert s3.metadata(uri) == {"sha256": packed.sha256}
    assert s3.unfinished(uri) == []


def test_a_part_of_another_content_is_sent_again(s3: S3, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_upload, "PART", PART)
    packed, store = bundle(3 * PART, "different"), store_at("s3://models")
    uri = store.uri_of(packed)
    content = packed.path.read_bytes()
    key = key_of(uri)
    upload_id = s3.client.create_multipart_upload(Bucket="models", Key=key, Metadata={"sha256": packed.sha256})[
        "UploadId"
    ]
    for number, body in {1: content[:PART], 2: b"x" * PART, 9: b"y" * PART}.items():
        s3.client.upload_part(Bucket="models", Key=key, UploadId=upload_id, PartNumber=number, Body=body)
    before = s3.asked("UploadPart")
    assert store.put(packed) is True
    assert s3.asked("UploadPart") - before == 2
    assert s3.read(uri) == content


def test_an_upload_that_is_refused_is_aborted(s3: S3, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts below 5 MiB are taken one by one and refused as a whole."""
    monkeypatch.setattr(s3_upload, "PART", MIB)
    packed, store = bundle(3 * MIB, "refused"), store_at("s3://models")
    with pytest.raises(StoreError, match="EntityTooSmall"):
        store.put(packed)
    assert s3.unfinished(store.uri_of(packed)) == []


def test_two_processes_that_put_the_same_bundle_both_succeed(s3: S3, bundle: Bundle, put_process: Put) -> None:
    packed = bundle(100 * MIB, "both")
    both = [put_process("s3://models/both", packed, PART) for _ in range(2)]
    uris = {result(process)["uri"] for process in both}
    (uri,) = uris
    assert s3.read(uri) == packed.path.read_bytes()


def test_memory_does_not_grow_with_the_file(s3: S3, bundle: Bundle, put_process: Put) -> None:
    done = result(put_process("s3://models/memory", bundle(320 * MIB, "memory")))
    assert done["sent"] is True
    assert done["peakKiB"] < 200 * 1024


def test_on_python_3_8_too(s3: S3, bundle: Bundle, put_process: Put, python38: str) -> None:
    packed = bundle(40 * MIB, "3.8")
    first, second = (result(put_process("s3://models/old", packed, PART, python=python38)) for _ in range(2))
    assert (first["sent"], second["sent"]) == (True, False)
    assert s3.read(first["uri"]) == packed.path.read_bytes()
    assert first["peakKiB"] < 200 * 1024


def test_boto3_is_imported_by_the_first_s3_store_only() -> None:
    script = (
        "import sys; from launch.stores import store_config; print(any(m in sys.modules for m in ('boto3', 'tqdm')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def _wait_for_parts(s3: S3, uri: str, process: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for upload_id in s3.unfinished(uri):
            if len(s3.parts(uri, upload_id)) >= count:
                return
        time.sleep(0.005)
    pytest.fail(f"no {count} parts came: exit code {process.poll()}")
