"""What an index answers is found by asking it again: 401, 403, 404, 5xx, TLS and time-out are told apart."""

import socket
from pathlib import Path

import pytest

from tools.testkit.distributions import wheel
from tools.testkit.package_index import image_with, run_install, served_index
from tools.testkit.private_authority import PrivateAuthority
from tools.testkit.wheel_server import WheelServer

SECRET = "s3cret-word"


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    return image_with(tmp_path_factory.mktemp("image"), "3.8", [])


@pytest.fixture
def files(tmp_path) -> Path:
    directory = tmp_path / "index"
    (directory / "files").mkdir(parents=True)
    wheel(directory / "files", "plain", "1.0")
    wheel(directory / "files", "above", "1.0", ("plain",))
    return directory


def asked(done, reason):
    assert (done.code, done.report["reason"]) == (1, reason), done.log
    assert SECRET not in done.report["message"] + done.log + done.out
    return done.report["message"]


@pytest.mark.parametrize("code", [401, 403, 500, 503, 429])
def test_a_page_that_is_refused_is_said_with_its_code(tmp_path, image, files, code):
    with served_index(files, answers={"/simple/plain": code}) as url:
        said = asked(run_install(tmp_path, image, ["above"], url), "IndexUnreachable")
        assert f"{url}/plain/ is answered HTTP {code}" in said
        assert ("packageIndexSecret" in said) == (code in (401, 403))


def test_a_password_that_is_asked_for_or_wrong_is_said_and_the_right_one_is_used(tmp_path, image, files):
    with served_index(files, login=f"me:{SECRET}") as bare:
        url = bare.replace("//", f"//me:{SECRET}@")
        for given in (bare, url.replace("me:", "other:")):
            said = asked(run_install(tmp_path, image, ["plain"], given), "IndexUnreachable")
            assert f"{bare}/plain/ is answered HTTP 401" in said
            assert "asks for a user and password" in said
        done = run_install(tmp_path, image, ["plain", "nowhere-else"], url)
        assert "nowhere-else is not at the index" in asked(done, "RequirementNotFound")
        assert run_install(tmp_path, image, ["plain"], url).code == 0


def test_a_file_that_is_damaged_or_has_another_name_is_named(tmp_path, image, files):
    half = wheel(files / "files", "half", "1.0")
    half.write_bytes(half.read_bytes()[:200])
    wheel(files / "files", "other", "1.0").rename(files / "files" / "renamed-1.0-py3-none-any.whl")
    with served_index(files) as url:
        for entry, named in (("half", "half==1.0"), ("renamed", "renamed")):
            said = asked(run_install(tmp_path, image, [entry], url), "InstallFailed")
            assert said.startswith(f"the file of {named} at the index is damaged, or not what its name says: put it")


def test_a_file_that_the_index_lists_and_does_not_have_is_named(tmp_path, image, files):
    with served_index(files, answers={"/files/plain": 404}) as url:
        said = asked(run_install(tmp_path, image, ["above"], url), "RequirementNotFound")
        assert "/files/plain-1.0-py3-none-any.whl is not there (HTTP 404" in said


@pytest.mark.parametrize("code", [401, 403])
def test_a_file_that_the_index_lists_and_may_not_be_read_is_no_conflict(tmp_path, image, files, code):
    with served_index(files, answers={"/files/plain": code}) as url:
        given = url.replace("//", f"//me:{SECRET}@")
        said = asked(run_install(tmp_path, image, ["above"], given), "IndexUnreachable")
        assert f"cannot get {url.replace('/simple', '')}/files/plain-1.0-py3-none-any.whl (HTTP {code} " in said
        assert "packageIndexSecret" in said


def test_a_file_that_breaks_off_in_the_middle_is_tried_again(tmp_path, image):
    server = WheelServer("plain", "127.0.0.1")
    server.cuts = True
    try:
        said = asked(run_install(tmp_path, image, [server.entry], "http://127.0.0.1:9/simple"), "IndexUnreachable")
        assert f"the connection ended in the middle of {server.entry}" in said
        assert "it is tried again" in said
        assert "Downloading" not in said
        server.cuts = False
        assert run_install(tmp_path, image, [server.entry], "http://127.0.0.1:9/simple").code == 0
    finally:
        server.close()


def test_a_direct_reference_that_is_refused_is_named(tmp_path, image, files):
    with served_index(files, answers={"/files/plain": 403}) as url:
        host = url.replace("/simple", "").replace("//", f"//me:{SECRET}@")
        entry = f"plain @ {host}/files/plain-1.0-py3-none-any.whl"
        assert "(HTTP 403 Forbidden)" in asked(run_install(tmp_path, image, [entry], url), "IndexUnreachable")


def test_a_package_that_only_another_one_needs_is_not_at_the_index(tmp_path, image, files):
    wheel(files / "files", "further", "1.0", ("nowhere",))
    with served_index(files) as url:
        said = asked(run_install(tmp_path, image, ["further"], url), "RequirementNotFound")
        assert "nowhere is not at the index" in said


def test_a_certificate_that_is_not_trusted_is_said(tmp_path, image, files):
    for name in ("ours", "other"):
        (tmp_path / name).mkdir()
    ours, other = (PrivateAuthority(tmp_path / name) for name in ("ours", "other"))
    with served_index(files, tls=ours.of_a_server()) as url:
        said = asked(run_install(tmp_path, image, ["plain"], url, SSL_CERT_FILE=str(other.file)), "IndexUnreachable")
        assert "its certificate is not trusted: the operator's setting caConfigMap" in said
        assert run_install(tmp_path, image, ["plain"], url, SSL_CERT_FILE=str(ours.file)).code == 0


def test_an_index_that_never_answers_is_said(tmp_path, image):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        said = asked(run_install(tmp_path, image, ["plain"], url, UV_HTTP_TIMEOUT="1"), "IndexUnreachable")
        assert "it does not answer in time" in said


def test_a_proxy_that_refuses_is_said(tmp_path, image, files):
    with served_index(files, answers={"http://": 407}) as url:
        proxy = url.replace("/simple", "")
        index = "http://packages.invalid/simple"
        done = run_install(tmp_path, image, ["plain"], index, HTTP_PROXY=proxy, http_proxy=proxy)
        assert "httpsProxy, noProxy) refuses" in asked(done, "IndexUnreachable")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("plain==99", "plain==99 is not at the index http://127.0.0.1"),
        ("plain==99", "which has 1.0: ask for a version that is there"),
        ("plain==1.0+cpu", "Versions with a + are at their vendor's own index"),
        ("newer", "newer needs Python >=3.99, the image has 3.8"),
        ("windowsonly", "no source to build: there are cp38-cp38-win_amd64"),
    ],
)
def test_what_the_index_does_not_have_for_this_image_is_said(tmp_path, image, files, entry, said):
    page = files / "simple"
    for name, link in [
        ("newer", '<a data-requires-python="&gt;=3.99" href="/files/n.whl">newer-1.0-py3-none-any.whl</a>'),
        ("windowsonly", '<a href="/files/w.whl">windowsonly-1.0-cp38-cp38-win_amd64.whl</a>'),
    ]:
        (page / name).mkdir(parents=True)
        (page / name / "index.html").write_text(link)
    with served_index(files) as url:
        assert said in asked(run_install(tmp_path, image, [entry], url), "RequirementNotFound")
