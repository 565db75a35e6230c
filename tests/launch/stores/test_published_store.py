"""A namespace's ConfigMap redirects no upload unseen: what administrators publish, or the user accepted, is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launch.errors import StoreError
from launch.stores.accepted_stores import accept, accepted_file, accepted_store
from launch.stores.published_store import Published, chosen, published_in

TEAM = Published("s3://team/bundles", "https://s3.example.com", "eu-west-1")
OTHER = Published("s3://team/bundles", "http://elsewhere:9000")


@pytest.mark.parametrize(
    ("own", "public", "accepted", "used"),
    [
        (None, None, None, None),
        (None, TEAM, None, TEAM),
        (None, TEAM, OTHER, TEAM),
        (TEAM, TEAM, None, TEAM),
        (TEAM, None, TEAM, TEAM),
        (OTHER, TEAM, OTHER, OTHER),
    ],
)
def test_what_is_used(
    own: Published | None, public: Published | None, accepted: Published | None, used: Published | None
) -> None:
    assert chosen("models", own, public, accepted) == used


@pytest.mark.parametrize(
    ("public", "accepted", "says"),
    [
        (None, None, "You have not accepted it on this machine"),
        (TEAM, None, "The one in kube-public, which only administrators write, names s3://team/bundles at https://s3"),
        (None, TEAM, "On this machine you accepted s3://team/bundles at https://s3.example.com for it"),
        (TEAM, TEAM, "On this machine you accepted s3://team/bundles at https://s3.example.com for it"),
    ],
)
def test_what_is_refused(public: Published | None, accepted: Published | None, says: str) -> None:
    with pytest.raises(StoreError) as refused:
        chosen("models", OTHER, public, accepted)
    for words in ("in namespace models", "s3://team/bundles at http://elsewhere:9000", says, "--accept-store"):
        assert words in str(refused.value)


def test_a_config_map_that_names_no_store_is_none() -> None:
    assert [published_in(data) for data in (None, {}, {"artifactUri": "", "s3Region": "x"})] == [None, None, None]
    assert published_in({"artifactUri": "s3://a", "gpuTypeLabel": "x"}) == Published("s3://a")
    named = {"artifactUri": "s3://a", "s3EndpointUrl": "http://b", "s3Region": "c", "s3AddressingStyle": "path"}
    assert published_in(named) == Published("s3://a", "http://b", "c", "path")


def test_what_is_shown_cannot_command_a_terminal() -> None:
    assert str(Published("s3://a\x1b[2K\r", "http://b\n")) == "s3://a?[2K? at http://b?"
    assert str(Published("s3://a", style="virtual")) == "s3://a (addressing style virtual)"


def test_what_was_accepted_is_kept_by_server_and_namespace(tmp_path: Path) -> None:
    file = accepted_file({"XDG_STATE_HOME": str(tmp_path)})
    assert accepted_store(file, "https://one", "models") is None
    accept(file, "https://one", "models", OTHER)
    accept(file, "https://one", "models", TEAM)
    accept(file, "https://two", "models", OTHER)
    found = [accepted_store(file, server, "models") for server in ("https://one", "https://two", "https://three")]
    assert found == [TEAM, OTHER, None]
    assert accepted_store(file, "https://one", "others") is None
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_store_of_an_older_client_has_no_addressing_style(tmp_path: Path) -> None:
    file = tmp_path / "accepted-stores.json"
    accept(file, "https://one", "models", TEAM._replace(style="virtual"))
    assert accepted_store(file, "https://one", "models") == TEAM._replace(style="virtual")
    kept = json.loads(file.read_text())
    del kept["https://one models"]["style"]
    file.write_text(json.dumps(kept))
    assert accepted_store(file, "https://one", "models") == TEAM


@pytest.mark.parametrize(
    "text", ["", "[]", '{"https://one models": ["s3://a"]}', '{"https://one models": {"uri": "s3://a"}}']
)
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "accepted-stores.json"
    file.write_text(text)
    with pytest.raises(StoreError, match=r"accepted-stores\.json does not hold .*: remove it"):
        accepted_store(file, "https://one", "models")


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written.*XDG_STATE_HOME"):
        accept(tmp_path / "file" / "accepted-stores.json", "https://one", "models", TEAM)
