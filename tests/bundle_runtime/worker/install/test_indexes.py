"""Where the indexes are, as uv's variables name them; a password is used, and shown nowhere."""

import pytest

from bundle_runtime.worker.install.indexes import credentials_for, index_name, indexes, without_secrets, without_user

DEFAULT = "UV_DEFAULT_INDEX"


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, "PyPI (no index of your own is set)"),
        ({DEFAULT: "https://me:secret@host/simple"}, "https://host/simple"),
        ({DEFAULT: "mine=https://host/simple"}, "https://host/simple"),
        ({"UV_INDEX_URL": "https://host/simple"}, "https://host/simple"),
        ({"UV_INDEX": "a=https://one/simple https://two/simple"},
         "https://one/simple, https://two/simple, https://pypi.org/simple"),
        ({"UV_EXTRA_INDEX_URL": "https://one/simple", DEFAULT: "https://two/simple"},
         "https://one/simple, https://two/simple"),
    ],
)  # fmt: skip
def test_the_indexes_are_named_in_uvs_order_without_their_passwords(environment, shown):
    assert index_name(environment) == shown


@pytest.mark.parametrize(
    "environment",
    [
        {DEFAULT: "https://me:s%40cret@host/simple"},
        {DEFAULT: "mine=https://host/simple", "UV_INDEX_MINE_USERNAME": "me", "UV_INDEX_MINE_PASSWORD": "s@cret"},
    ],
)
def test_credentials_are_found_where_uv_finds_them(environment):
    assert credentials_for("https://host/simple/plain/", environment) == ("me", "s@cret")
    assert credentials_for("https://other/simple/plain/", environment) is None
    assert "s@cret" not in without_secrets("failed: https://me:s@cret and s@cret", environment)


def test_netrc_is_asked_last(tmp_path):
    (tmp_path / "netrc").write_text("machine host login me password s3cret\n")
    (tmp_path / "netrc").chmod(0o600)
    environment = {DEFAULT: "https://host/simple", "NETRC": str(tmp_path / "netrc")}
    assert credentials_for("https://host/simple/plain/", environment) == ("me", "s3cret")
    assert credentials_for("https://you:own@host/simple/", environment) == ("you", "own")


def test_an_url_is_shown_without_user_and_signature():
    assert without_user("https://me:pw@host:8/a/b.whl?X-Amz-Signature=1#sha256=2") == "https://host:8/a/b.whl"
    assert [index.user for index in indexes({DEFAULT: "https://me:pw@host/simple"})] == ["me"]
