"""Indexes as pods ask them: through the proxies of the settings, and with their certificates alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from modelbundle_operator.render.surroundings import _NEVER_BY_PROXY

from launch.doctor.certificates import certificates_in
from launch.doctor.way_out import NEVER_BY_PROXY, index_urls, tried_index, tried_proxies
from tools.testkit.private_authority import PrivateAuthority
from tools.testkit.proxy import Proxy


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    return PrivateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    found = Proxy(b"")
    yield found
    found.close()


@pytest.fixture
def private(authority: PrivateAuthority) -> Iterator[Proxy]:
    found = Proxy(b"", tls=authority.of_a_server())
    yield found
    found.close()


def test_the_index_is_asked_through_the_proxy_but_for_hosts_that_go_without(proxy: Proxy) -> None:
    settings = {"HTTP_PROXY": proxy.url, "NO_PROXY": ".own.example"}
    assert tried_index("http://index.example/simple", settings, "").status == 200
    assert proxy.asked == ["http://index.example/simple/pip/"]
    for host in ("index.own.example", "index.models.svc"):
        answer = tried_index(f"http://{host}:9/simple", settings, "", seconds=0.2)
        assert (answer.status, bool(answer.failed)) == (0, True)
    assert len(proxy.asked) == 1
    assert NEVER_BY_PROXY == _NEVER_BY_PROXY


def test_the_login_of_an_address_is_not_shown(proxy: Proxy) -> None:
    assert tried_index("http://user:word@index.example/simple", {"HTTP_PROXY": proxy.url}, "").url == (
        "index.example/simple"
    )


def test_a_private_certificate_is_trusted_where_the_settings_have_it(
    private: Proxy, authority: PrivateAuthority
) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in tried_index(private.url, {}, "").failed
    trusted = f"# of the company, Fő utca\n{authority.file.read_text()}"
    assert tried_index(private.url, {}, trusted).status == 200


def test_certificates_are_counted_and_old_ones_named(authority: PrivateAuthority) -> None:
    pem = authority.file.read_text()
    assert certificates_in(pem, time.time()) == (1, [], "")
    assert certificates_in(pem, time.time() + 3 * 24 * 3600).expired == ["a private authority"]
    assert certificates_in("no certificate", 0.0).failed


def test_a_proxy_that_takes_no_connection_says_why(proxy: Proxy) -> None:
    settings = {"HTTP_PROXY": proxy.url, "HTTPS_PROXY": "http://127.0.0.1:9"}
    found = tried_proxies(settings)
    assert found[proxy.url] == ""
    assert "refused" in found["http://127.0.0.1:9"]
    assert tried_proxies({}) == {}


def test_extra_indexes_come_first() -> None:
    extra = {"EXTRA_PACKAGE_INDEXES": "https://a, https://b", "PACKAGE_INDEX": "https://c"}
    assert index_urls(extra) == ["https://a", "https://b", "https://c"]
    assert index_urls({}) == ["https://pypi.org/simple"]


def test_an_index_without_a_scheme_says_so() -> None:
    assert tried_index("nonsense", None, "").failed
