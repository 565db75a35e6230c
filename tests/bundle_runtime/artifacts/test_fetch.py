"""Fetching by HTTP and from a real S3 server: what is retried, what is said, what never mixes."""

import hashlib
import os
import socket
import threading
import time

import pytest

from bundle_runtime.artifacts import s3 as s3_module
from bundle_runtime.artifacts.fetch import fetch
from bundle_runtime.artifacts.retry import TRIES, reach
from bundle_runtime.contract.report import RuntimeFailure
from tools.testkit.artifact_stores import running_s3

CONTENT = os.urandom(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "artifact"


@pytest.mark.parametrize("faults", [[], [503], [500, "cut"], [429, 503, "cut", "cut"]])
def test_http_fetches_whole_in_spite_of_what_passes(http_store, target, faults):
    http_store.files["/a.pkl"], http_store.faults = CONTENT, list(faults)
    fetched = fetch(http_store.url + "/a.pkl", target)
    assert (fetched.bytes, fetched.sha256) == (len(CONTENT), SHA256)
    assert target.read_bytes() == CONTENT
    assert http_store.asked == len(faults) + 1


@pytest.mark.parametrize(
    ("faults", "reason", "asked"),
    [
        ([404], "ArtifactNotFound", 1),
        ([410], "ArtifactNotFound", 1),
        ([401], "StoreAccessDenied", 1),
        ([403], "StoreAccessDenied", 1),
        ([503] * 9, "StoreUnreachable", 5),
        (["cut"] * 9, "StoreUnreachable", 5),
    ],
)
def test_http_failures_have_their_reason_and_no_secret_of_the_address(http_store, target, faults, reason, asked):
    http_store.files["/a.pkl"], http_store.faults = CONTENT, list(faults)
    with pytest.raises(RuntimeFailure) as failure:
        fetch(http_store.url + "/a.pkl?signature=secret", target)
    assert failure.value.reason == reason
    assert "/a.pkl" in failure.value.message
    assert "secret" not in failure.value.message
    assert http_store.asked == asked


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://localhost:9000", "localhost is the machine or the pod itself"),
        ("http://[::1]:9000/a", "::1 is the machine or the pod itself"),
        ("http://169.254.169.254/a", "169.254.169.254 is known on one node alone"),
        ("https://[fe80::1]/a", "fe80::1 is known on one node alone"),
        ("http://10.0.0.1/a", ""),
        ("https://models.example.com/a", ""),
        ("", ""),
    ],
)
def test_of_a_host_that_is_no_use_to_a_pod_it_is_said(url, says):
    assert says in reach(url)
    assert bool(says) == bool(reach(url))


def test_a_store_that_is_not_there_is_unreachable(target):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(RuntimeFailure, match="cannot reach") as failure:
            fetch(f"http://127.0.0.1:{nobody.getsockname()[1]}/a.pkl", target)
    assert failure.value.reason == "StoreUnreachable"


def test_s3_fetches_in_parallel_parts(s3, target, monkeypatch):
    monkeypatch.setattr(s3_module, "PART_BYTES", 100_000)
    fetched = fetch(s3("a b/ü.pkl", CONTENT), target)
    assert (fetched.bytes, fetched.sha256) == (len(CONTENT), SHA256)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000, 100_001])
def test_s3_objects_of_any_size_come_whole(s3, target, monkeypatch, size):
    monkeypatch.setattr(s3_module, "PART_BYTES", 100_000)
    fetched = fetch(s3("a.pkl", CONTENT[:size]), target)
    assert target.read_bytes() == CONTENT[:size]
    assert fetched.sha256 == hashlib.sha256(CONTENT[:size]).hexdigest()


def test_s3_an_object_that_is_overwritten_meanwhile_is_never_mixed(s3, target, monkeypatch):
    monkeypatch.setattr(s3_module, "PART_BYTES", 100_000)
    monkeypatch.setattr(s3_module, "PARALLEL_PARTS", 1)
    uri, other, moved = s3("a.pkl", CONTENT), CONTENT[::-1], threading.Event()

    write = os.pwrite

    def write_and_overwrite(*arguments):
        if not moved.is_set():
            moved.set()
            s3("a.pkl", other)
        return write(*arguments)

    monkeypatch.setattr(os, "pwrite", write_and_overwrite)
    fetched = fetch(uri, target)
    assert moved.is_set()
    assert target.read_bytes() == other
    assert fetched.sha256 == hashlib.sha256(other).hexdigest()


@pytest.mark.parametrize(
    ("uri", "environment", "reason", "said"),
    [
        ("s3://models/missing.pkl", {}, "ArtifactNotFound", "upload"),
        ("s3://nobucket/a.pkl", {}, "ArtifactNotFound", "NoSuchBucket"),
        ("s3://models/a.pkl", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "StoreAccessDenied", "access key test..."),
        ("s3://models/a.pkl", {"AWS_ACCESS_KEY_ID": "nobody"}, "StoreAccessDenied", "access key nobo..."),
        ("s3://B/a.pkl", {}, "ArtifactNotFound", "InvalidBucketName"),
    ],
)
def test_s3_failures_say_what_to_do(s3, target, monkeypatch, uri, environment, reason, said):
    s3("a.pkl", CONTENT)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RuntimeFailure) as failure:
        fetch(uri, target)
    assert (failure.value.reason, said in failure.value.message) == (reason, True), failure.value.message


def test_s3_that_is_not_there_is_unreachable_within_seconds(target, monkeypatch):
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        pauses: list[float] = []
        here, sleep = threading.get_ident(), time.sleep
        # what other tests have left goes on sleeping
        monkeypatch.setattr(time, "sleep", lambda s: pauses.append(s) if threading.get_ident() == here else sleep(s))
        with pytest.raises(RuntimeFailure) as failure:
            fetch("s3://models/a.pkl", target)
    assert failure.value.reason == "StoreUnreachable"
    assert len(pauses) >= TRIES - 1
    assert sum(pauses) < 10, "the library's own pauses too"


def test_an_object_of_which_the_store_has_no_etag_is_fetched_in_parts(tmp_path, target, monkeypatch):
    """As one that was put into the store's directory past the store."""
    monkeypatch.setattr(s3_module, "PART_BYTES", 1_000_000)
    with running_s3(tmp_path / "s3") as environment:
        (tmp_path / "s3/data/models/a.pkl").write_bytes(CONTENT)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        fetched = fetch("s3://models/a.pkl", target)
    assert (fetched.bytes, fetched.sha256) == (len(CONTENT), SHA256)
