"""Looks at objects over a kept connection: what comes back, how often it connects, when kubectl is asked instead."""

from __future__ import annotations

import multiprocessing
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.testkit.kept_connections import PODS, StandIn
from tools.testkit import kubectl, reading
from tools.testkit.private_authority import PrivateAuthority
from tools.testkit.reading import AskKubectl


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "managedFields": [{"manager": "somebody"}]}}


def shown(name: str) -> dict[str, Any]:
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name}}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    stand_in = StandIn()
    monkeypatch.setenv("KUBECONFIG", stand_in.write_kubeconfig(tmp_path / "config"))
    stand_in.pods = {name: pod(name) for name in ("one", "two", "three")}
    yield stand_in
    stand_in.close()


def test_objects_of_the_kubeconfigs_namespace_over_one_connection(server: StandIn) -> None:
    assert [reading.one("pod", name) for name in ("one", "two", "four")] == [shown("one"), shown("two"), None]
    assert reading.all_of("pods") == [shown(name) for name in ("one", "two", "three")], "page by page"
    assert len(server.connections) == 1
    assert [path for path, _ in server.asked].count("/apis") == 1, "kinds are asked for once"


def test_a_namespace_and_labels_are_asked_for(server: StandIn) -> None:
    server.pods = {}
    assert reading.all_of("pods", "models", "app in (a, b)") == []
    assert server.asked[-1] == (PODS, {"limit": "500", "labelSelector": "app in (a, b)"})


def test_several_kinds_come_in_their_order(server: StandIn) -> None:
    assert [found["metadata"]["name"] for found in reading.all_of("pods,pod")] == ["one", "two", "three"] * 2


def test_a_server_that_was_started_again_is_asked_over_a_new_connection(server: StandIn) -> None:
    assert reading.one("pods", "one")
    server.close()
    with pytest.raises(AskKubectl, match="no answer"):
        reading.one("pods", "one")
    server.start_again()
    assert reading.one("pods", "one") == shown("one")
    server.close()
    server.start_again()
    assert reading.one("pods", "one") == shown("one"), "though it was away between two looks"


@pytest.mark.parametrize("answer", [{"kind": "Status", "details": {}}, {"kind": "Status"}, "404 page not found"])
def test_a_kind_that_comes_later_is_found_and_one_that_went_is_for_kubectl(server: StandIn, answer: Any) -> None:
    server.of_no_kind = answer
    with pytest.raises(AskKubectl, match="no kind things"):
        reading.all_of("things")
    server.kinds["things"] = "Thing"
    with pytest.raises(AskKubectl, match="404"):
        reading.one("things", "one")  # this server has none to show
    assert reading.one("pods", "one")
    del server.kinds["pods"]
    for words in ("404", "no kind pods"):
        with pytest.raises(AskKubectl, match=words):
            reading.one("pods", "none")


@pytest.mark.parametrize("status", [401, 403, 410, 429, 500, 503])
def test_a_refusal_is_for_kubectl_to_say(server: StandIn, status: int) -> None:
    assert reading.one("pods", "one")
    server.refuse = status
    for look in (lambda: reading.one("pods", "one"), lambda: reading.all_of("pods")):
        with pytest.raises(AskKubectl, match=str(status)):
            look()


@pytest.mark.parametrize(("kind", "name"), [("pods", ""), ("pods", "one/log"), ("pods,pod", "one"), ("all", "one")])
def test_what_is_no_name_of_one_object_is_for_kubectl(server: StandIn, kind: str, name: str) -> None:
    with pytest.raises(AskKubectl):
        reading.one(kind, name)


def test_another_kubeconfig_is_another_cluster(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = StandIn()
    try:
        assert reading.one("pods", "one")
        monkeypatch.setenv("KUBECONFIG", other.write_kubeconfig(tmp_path / "other"))
        assert reading.one("pods", "one") is None
        monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'config'}:{tmp_path / 'other'}")
        with pytest.raises(AskKubectl, match="cannot be read"):
            reading.one("pods", "one")
    finally:
        other.close()


def test_a_client_certificate_is_shown_to_a_server_of_the_kubeconfigs_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = PrivateAuthority(tmp_path)
    certificate, key = tmp_path / "client.crt", tmp_path / "client.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=a client", "-days", "2"]
    subprocess.run(command, check=True, capture_output=True)
    tls = authority.of_a_server()
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate)
    server = StandIn(tls)
    config = yaml.safe_load(Path(server.write_kubeconfig(tmp_path / "config")).read_text())
    config["clusters"][0]["cluster"] = {
        "server": server.url,
        "certificate-authority-data": b64encode(authority.file.read_bytes()).decode(),
    }
    config["users"][0]["user"] = {
        "client-certificate-data": b64encode(certificate.read_bytes()).decode(),
        "client-key-data": b64encode(key.read_bytes()).decode(),
    }
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    try:
        assert [reading.one("pods", name) for name in ("one", "two")] == [None, None]
        assert len(server.connections) == 1
    finally:
        server.close()


def test_a_thread_has_a_connection_of_its_own_and_so_has_a_fork(server: StandIn) -> None:
    assert reading.one("pods", "one")
    thread = threading.Thread(target=reading.one, args=("pods", "two"))
    thread.start()
    thread.join()
    assert len(server.connections) == 2
    forked = multiprocessing.get_context("fork").Process(target=reading.one, args=("pods", "three"))
    forked.start()
    forked.join()
    assert (forked.exitcode, len(server.connections)) == (0, 3)
    assert reading.one("pods", "one")
    assert len(server.connections) == 3, "the fork left ours as it was"


def test_changes_begin_with_what_is_there(server: StandIn) -> None:
    server.events = [{"type": "MODIFIED", "object": pod("two")}, {"type": "DELETED", "object": pod("two")}]
    found = [(event["type"], event["object"]) for event in reading.changes("pods", "", {"fieldSelector": "x=y"}, 3)]
    there = [("ADDED", shown(name)) for name in ("one", "two", "three")]
    assert found == [*there, *((kind, {"metadata": {"name": "two"}}) for kind in ("MODIFIED", "DELETED"))]
    watch = {"watch": "1", "resourceVersion": "5", "timeoutSeconds": "3"}
    assert server.asked[-2:] == [(PODS, {"fieldSelector": "x=y"}), (PODS, {"fieldSelector": "x=y", **watch})]


def test_kubectl_is_started_where_it_is_asked_for_and_not_where_it_is_not(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "kubectl"
    stand_in.write_text('#!/bin/sh\necho "{\\"items\\": [\\"$*\\"]}"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert kubectl.get("pod", "one", "models") == shown("one")
    assert kubectl.get("pod", "four", "models") is None
    assert len(kubectl.list_all("pods")) == 3
    server.refuse = 503
    assert kubectl.get("pod", "one", "models") == {"items": ["-n models get pod one -o json --ignore-not-found"]}
    assert kubectl.list_all("pods", "models", "a=b") == ["-n models get pods -o json -l a=b"]
