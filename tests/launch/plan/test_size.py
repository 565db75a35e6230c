"""How large an artifact is, asked of the real kinds of places it lies in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from launch.doctor.facts import Unknown
from launch.errors import StoreError
from launch.plan.size import size_at
from tools.testkit.http_in_thread import HttpInThread, Quiet


def no_store() -> None:
    raise StoreError("no artifact store is known")


class Handler(Quiet):
    def do_HEAD(self) -> None:
        status = int(self.path.rpartition("/")[2])
        self.send_response(status)
        if status == 200:
            self.send_header("Content-Length", "1234")
        self.end_headers()


@pytest.fixture
def host() -> Iterator[str]:
    with closing(HttpInThread(Handler)) as server:
        yield server.url


def test_a_host_is_asked_for_its_head(host: str) -> None:
    assert size_at(f"{host}/200", no_store) == 1234
    assert size_at(f"{host}/404", no_store) is None
    assert size_at(f"{host}/403", no_store) == Unknown("the host answers 403 Forbidden")
    assert size_at(f"{host}/204", no_store) == Unknown("the host does not say how large it is")


def test_a_host_that_is_away_is_said() -> None:
    found = size_at("http://127.0.0.1:9/a.zip", no_store)
    assert isinstance(found, Unknown)
    assert "cannot be reached from here" in found.why


@pytest.mark.parametrize("uri", ["pvc://claim/a.zip", "file:///a.zip", "a.zip"])
def test_what_only_pods_or_this_machine_reach_is_not_asked(uri: str) -> None:
    assert isinstance(size_at(uri, no_store), Unknown)


class Store:
    """A store that knows one object."""

    uri = "s3://models/mine/"

    def size(self, uri: str) -> int | None:
        return 77 if uri.endswith("there.zip") else None


def test_the_clients_own_store_is_sure_of_what_is_not_there() -> None:
    assert size_at("s3://models/mine/there.zip", Store) == 77
    assert size_at("s3://models/mine/other.zip", Store) is None


def test_another_store_that_does_not_answer_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setattr("launch.stores.s3_store.ATTEMPTS", 1)
    found = size_at("s3://elsewhere/a.zip", no_store)
    assert isinstance(found, Unknown)
    assert "cannot be reached" in found.why
    assert "canary" not in found.why
