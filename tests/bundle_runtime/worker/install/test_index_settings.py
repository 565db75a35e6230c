"""install with what the operator's settings say of package indexes: a private authority, a login, several of them, a
proxy before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tools.testkit.distributions import wheel
from tools.testkit.only_way import OnlyWay
from tools.testkit.package_index import image_with, run_install, served_index
from tools.testkit.private_authority import PrivateAuthority
from tools.testkit.proxy import Proxy


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    has = wheel(tmp_path_factory.mktemp("wheels"), "has", "1.0", origin="image")
    return image_with(tmp_path_factory.mktemp("image"), "3.12", [has])


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Serves an index with these wheels (name, version), whose modules say the index's name; returns its URL."""
    with ExitStack() as running:

        def serve(name: str, *wheels: tuple[str, str], login: str = "") -> str:
            directory = tmp_path_factory.mktemp(name)
            (directory / "files").mkdir()
            for package, version in wheels:
                wheel(directory / "files", package, version, origin=name)
            return running.enter_context(served_index(directory, login=login))

        yield serve


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    return PrivateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, authority: PrivateAuthority) -> Iterator[str]:
    """An index with a certificate of the private authority."""
    directory = tmp_path_factory.mktemp("signed")
    (directory / "files").mkdir()
    wheel(directory / "files", "plain", "1.0")
    with served_index(directory, tls=authority.of_a_server()) as url:
        yield url


def test_an_index_signed_by_the_platforms_authority_is_read(
    tmp_path: Path, image: Path, signed: str, authority: PrivateAuthority
) -> None:
    done = run_install(tmp_path, image, ["plain"], signed, SSL_CERT_FILE=str(authority.file))
    assert done.code == 0, done.log
    assert done.report["count"] == 1


def test_without_it_the_setting_is_named(tmp_path: Path, image: Path, signed: str) -> None:
    done = run_install(tmp_path, image, ["plain"], signed)
    assert done.report["reason"] == "IndexUnreachable"
    assert "certificate" in done.report["message"]
    assert "caConfigMap" in done.report["message"]


LOGIN = "bot:s3cret-word"


@pytest.fixture(scope="module")
def guarded(index: Callable[..., str]) -> str:
    return index("guarded", ("own", "1.0"), login=LOGIN)


def test_a_login_of_the_secret_opens_the_index_and_is_left_nowhere(tmp_path: Path, image: Path, guarded: str) -> None:
    user, password = LOGIN.split(":")
    netrc = f"machine 127.0.0.1 login {user} password {password}"
    done = run_install(tmp_path, image, ["own"], guarded, MODELBUNDLE_INDEX_NETRC=netrc, TMPDIR=str(tmp_path))
    assert done.code == 0, done.log
    assert password not in done.log + done.out + str(done.report)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]


def test_without_a_login_nothing_of_it_is_installed(tmp_path: Path, image: Path, guarded: str) -> None:
    done = run_install(tmp_path, image, ["own"], guarded)
    assert done.code == 1
    assert "401" in done.report["message"]


@pytest.fixture(scope="module")
def two(index: Callable[..., str]) -> tuple[str, str]:
    """One of a company and a public one; both have `shared`, and what the image has."""
    company = index("company", ("shared", "1.0"), ("mine", "1.0"), ("has", "2.0"))
    return company, index("public", ("shared", "9.0"), ("theirs", "1.0"), ("has", "3.0"))


def test_a_package_is_taken_from_the_first_index_that_has_it(tmp_path: Path, image: Path, two: tuple[str, str]) -> None:
    done = run_install(tmp_path, image, ["shared", "mine", "theirs", "has"], two[1], UV_INDEX=two[0])
    assert done.code == 0, done.log
    assert done.origin(image, "shared") == "company 1.0", "a newer one elsewhere could be anybody's"
    assert done.origin(image, "theirs") == "public 1.0"
    assert done.origin(image, "has") == "image 1.0"
    assert done.report["count"] == 3


def test_the_strategy_is_uvs(tmp_path: Path, image: Path, two: tuple[str, str]) -> None:
    strategy = {"UV_INDEX": two[0], "UV_INDEX_STRATEGY": "unsafe-best-match"}
    done = run_install(tmp_path, image, ["shared"], two[1], **strategy)
    assert done.origin(image, "shared") == "public 9.0"


def test_what_is_at_none_of_them_is_said_with_all(tmp_path: Path, image: Path, two: tuple[str, str]) -> None:
    done = run_install(tmp_path, image, ["nowhere-to-be-found"], two[1], UV_INDEX=two[0])
    assert done.report["reason"] == "RequirementNotFound"
    assert f"{two[0]}, {two[1]}" in done.report["message"]


def test_an_index_outside_is_asked_through_the_proxy_and_one_within_past_it(
    tmp_path: Path, image: Path, two: tuple[str, str]
) -> None:
    proxy = Proxy(b"no index")
    around = {"HTTP_PROXY": proxy.url, "NO_PROXY": "localhost,127.0.0.1,.svc"}
    within = run_install(tmp_path / "within", image, ["theirs"], two[1], **around)
    assert (within.code, proxy.asked) == (0, []), within.log
    run_install(tmp_path / "outside", image, ["theirs"], "http://packages.example/simple", **around)
    proxy.close()
    assert proxy.asked[0] == "http://packages.example/simple/theirs/"


def test_behind_a_proxy_that_is_the_only_way_two_indexes_are_asked_with_their_authority_and_login(
    tmp_path: Path, image: Path, index: Callable[..., str]
) -> None:
    authority = PrivateAuthority(tmp_path, ["own.example"])
    own, public = index("own", ("mine", "1.0"), login=LOGIN), index("public", ("mine", "9.0"), ("theirs", "1.0"))
    names = {"own.example": urlsplit(own).netloc, "packages.example": urlsplit(public).netloc}
    proxy = OnlyWay(names, authority.of_a_server())
    user, password = LOGIN.split(":")
    around = {
        "HTTP_PROXY": proxy.url,
        "HTTPS_PROXY": proxy.url,
        "NO_PROXY": "localhost,127.0.0.1,.svc",
        "SSL_CERT_FILE": str(authority.file),
        "UV_INDEX": "https://own.example/simple",
        "UV_INSECURE_HOST": "packages.example",
        "MODELBUNDLE_INDEX_NETRC": f"machine own.example login {user} password {password}",
    }
    entries, default = ["mine", "theirs"], "http://packages.example/simple"
    done = run_install(tmp_path / "there", image, entries, default, **around)
    assert done.code == 0, done.log
    assert (done.origin(image, "mine"), done.origin(image, "theirs")) == ("own 1.0", "public 1.0")
    assert {url.split("/simple")[0] for url in proxy.asked if "/files/" not in url} == {
        "own.example:443", "http://packages.example",
    }  # fmt: skip
    proxy.close()
    away = run_install(tmp_path / "away", image, entries, default, **around)
    assert away.report["reason"] == "IndexUnreachable"
    assert password not in str(away.report)
