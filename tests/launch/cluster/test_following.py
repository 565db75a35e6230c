"""Lists in pages and watches of one namespace or of all, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.cluster.connection import Connection
from launch.cluster.following import ListExpired, collection, events, pages
from launch.errors import APIError, InvalidBundleError
from tests.launch.ui.stand_in import GROUP, StandIn, bundle

BUNDLES = "modelbundles"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    found = StandIn()
    monkeypatch.setenv("KUBECONFIG", found.write_kubeconfig(tmp_path / "kubeconfig"))
    yield found
    found.close()


@pytest.fixture
def api(stand_in):
    return Connection().place()[0]


def test_the_path_is_of_all_namespaces_or_of_one():
    assert collection(BUNDLES, None) == f"{GROUP}/modelbundles"
    assert collection(BUNDLES, "team") == f"{GROUP}/namespaces/team/modelbundles"
    with pytest.raises(InvalidBundleError):
        collection(BUNDLES, "a/../b")


def test_a_list_comes_in_pages_of_one_version(stand_in, api):
    for number in range(5):
        stand_in.put(BUNDLES, bundle(f"b{number}", namespace=f"n{number % 2}"))
    found = list(pages(api, BUNDLES, None, size=2))
    assert [len(page.items) for page in found] == [2, 2, 1]
    assert len({page.version for page in found}) == 1
    assert [item["metadata"]["name"] for page in pages(api, BUNDLES, "n1") for item in page.items] == ["b1", "b3"]


def test_a_selector_is_one_of_fields(stand_in, api):
    stand_in.put(BUNDLES, bundle("a"))
    stand_in.put(BUNDLES, bundle("b"))
    (page,) = pages(api, BUNDLES, "models", "metadata.name=b")
    assert [item["metadata"]["name"] for item in page.items] == ["b"]


def test_of_a_page_that_cannot_be_read_there_is_the_metadata(stand_in, api):
    stand_in.put(BUNDLES, bundle("deep"))
    stand_in.nested.add("deep")
    (page,) = pages(api, BUNDLES, None)
    assert [(sorted(item), item["metadata"]["name"]) for item in page.items] == [(["metadata"], "deep")]


def test_a_watch_goes_on_where_the_list_ended(stand_in, api):
    stand_in.put(BUNDLES, bundle("before"))
    (page,) = pages(api, BUNDLES, None)
    stand_in.put(BUNDLES, bundle("after"))
    assert next(events(api, BUNDLES, None, page.version))["object"]["metadata"]["name"] == "after"


def test_a_watch_that_ends_with_its_time_is_no_failure(stand_in, api):
    changes = events(api, BUNDLES, None, str(stand_in.version))
    stand_in.put(BUNDLES, bundle("a"))
    next(changes)
    stand_in.close_watches()
    assert list(changes) == []


def test_a_watch_whose_history_is_gone_says_so(stand_in, api):
    changes = events(api, BUNDLES, None, str(stand_in.version))
    stand_in.put(BUNDLES, bundle("a"))
    next(changes)
    stand_in.end_watches()
    with pytest.raises(ListExpired, match="too old resource version"):
        next(changes)


def test_an_api_server_that_is_away_is_another_failure(stand_in, api):
    stand_in.away = True
    with pytest.raises(
        APIError, match="cannot reach the Kubernetes API for the modelbundles of all namespaces"
    ) as gone:
        next(events(api, BUNDLES, None, "1"))
    assert not isinstance(gone.value, ListExpired)
