"""A layer that is overwritten, deleted, not allowed or made for another image: pods install for themselves and say why.

None of it keeps a pod from its start, and what is not there any more is made again for the next bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cluster.bundles import wait_condition, wait_ready
from tests.cluster.index_project import Project, needs_local_index
from tests.cluster.layers import (
    FROM_LAYER,
    INSTALLED,
    imported_from,
    installs_of,
    is_in_the_store,
    jobs_made,
    key_of_config_map,
    layer_of,
    next_pods,
    of_requirements,
    requiring,
    state_of,
    stores_begun,
)
from tests.cluster.moved_tag import Tag
from tests.cluster.one_more_look import changes_nothing_more
from tests.cluster.test_clones import clone
from tools.testkit.kubectl import Manifest, apply, wait_for
from tools.testkit.only_way import towards
from tools.testkit.place import Place
from tools.testkit.store import Store
from tools.testkit.unwritable_store import UnwritableStore, refuse

pytestmark = needs_local_index
TWO: Manifest = {"replicas": 2}


def overwritten(layer: Manifest, store: Store) -> None:
    """As many bytes, and not the same: whatever stands in them is never unpacked."""
    key = store.key(layer["uri"])
    packed = store.read(key)
    store.put(key, packed[:-1] + bytes([packed[-1] ^ 1]))


def cut_short(layer: Manifest, store: Store) -> None:
    key = store.key(layer["uri"])
    store.put(key, store.read(key)[:-1])


def deleted(layer: Manifest, store: Store) -> None:
    store.delete(store.key(layer["uri"]))


@pytest.mark.parametrize(
    ("harm", "why"),
    [(overwritten, "it was overwritten"), (cut_short, "it is another"), (deleted, "not in the store any more")],
    ids=["overwritten", "cut-short", "deleted"],
)
def test_what_the_store_has_lost_is_forgotten_and_made_again(
    operator: object, namespace: str, store: Store, project: Project, harm: Callable[[Manifest, Store], None], why: str
) -> None:
    apply(requiring(store, "two", project.name, TWO), namespace=namespace)
    wait_ready("two", namespace, 300)
    layer = layer_of("two", namespace)
    assert installs_of("two", namespace) == [layer["digest"]] * 2

    harm(layer, store)
    next_pods("two", namespace)
    wait_ready("two", namespace)
    assert imported_from("two", namespace).startswith(INSTALLED)
    assert installs_of("two", namespace) == ["", ""]
    wait_for("the layer to be forgotten", lambda: not layer_of("two", namespace), 60)
    wait_for("pods to be told of none", lambda: not key_of_config_map("two", namespace), 60)
    assert why in of_requirements("two", namespace)
    assert jobs_made(namespace) == 1, "what has pods is not kept from its next ones"
    changes_nothing_more(namespace, state_of)

    apply(clone("again", "two", appConfig={"n": 1}), namespace=namespace)
    wait_ready("again", namespace, 300)
    again = layer_of("again", namespace)
    assert again["digest"] == layer["digest"]
    assert is_in_the_store(again, store)
    assert imported_from("again", namespace).startswith(FROM_LAYER)
    assert (jobs_made(namespace), stores_begun(namespace)) == (2, 2)
    changes_nothing_more(namespace, state_of)
    assert layer_of("again", namespace) == again, "what the older pods said was of the former one"
    next_pods("two", namespace)
    assert imported_from("two", namespace).startswith(FROM_LAYER)
    assert layer_of("two", namespace) == again


def test_keys_that_may_not_write_serve_without_a_layer_and_are_named(
    operator: object, namespace: str, store: Store, place: Place, project: Project
) -> None:
    there = urlsplit(place.s3_endpoint)
    between = UnwritableStore(there.netloc, refuse, towards(str(there.hostname)))
    try:
        keys = place.secret()
        keys["stringData"]["AWS_ENDPOINT_URL"] = between.url
        apply(keys, requiring(store, "two", project.name, TWO), namespace=namespace)
        wait_ready("two", namespace, 300)
        assert imported_from("two", namespace).startswith(INSTALLED)
        assert installs_of("two", namespace) == ["", ""]
        assert layer_of("two", namespace) == key_of_config_map("two", namespace) == {}
        said = of_requirements("two", namespace)
        assert [
            words for words in ("s3:PutObject", "/layers/", "each pod installs itself") if words not in said
        ] == [], said
        assert any("/layers/" in asked for asked in between.writes)
        assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
        changes_nothing_more(namespace, state_of)
    finally:
        between.close()


@pytest.fixture
def tag(operator: object, tmp_path: Path) -> Iterator[Tag]:
    tag = Tag(tmp_path)
    yield tag
    tag.remove()


def test_a_tag_that_has_moved_to_other_packages_does_without_the_layer(
    tag: Tag, namespace: str, store: Store, project: Project
) -> None:
    tag.is_first()
    apply(requiring(store, "two", project.name, TWO, envParams=tag.env_params), namespace=namespace)
    wait_ready("two", namespace, 300)
    layer = layer_of("two", namespace)
    assert installs_of("two", namespace) == [layer["digest"]] * 2

    tag.has_also("another", "1.0")
    next_pods("two", namespace)
    wait_condition("two", namespace, "Reproducible", "False", "ImageMoved")
    assert imported_from("two", namespace).startswith(INSTALLED)
    assert installs_of("two", namespace) == ["", ""]
    assert "another image, Python or machine" in of_requirements("two", namespace)
    wait_condition("two", namespace, "RequirementsReady", "True", "LayerMismatch")
    assert layer_of("two", namespace) == layer, "it is what it was, for the pods that it fits"
    changes_nothing_more(namespace, state_of)

    tag.is_first()
    project.withdraw()
    next_pods("two", namespace)
    assert imported_from("two", namespace).startswith(FROM_LAYER)
    assert installs_of("two", namespace) == [layer["digest"]] * 2
    changes_nothing_more(namespace, state_of)
