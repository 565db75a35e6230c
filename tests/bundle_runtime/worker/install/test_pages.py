"""What a page of an index offers, in HTML and JSON, and why none of it can be used."""

import json
import platform
import sys

import pytest

from bundle_runtime.worker.install.pages import Release, not_usable, releases

HERE = platform.python_version()
MACHINE = platform.machine()


def test_html_and_json_say_the_same():
    html = b"""<html><head><title>Links</title></head><body><h1>Links for plain</h1>
      <a href="../f/plain-1.0-py3-none-any.whl#sha256=00" data-requires-python="&gt;=3.8">plain-1.0-py3-none-any.whl</a>
      <a href="../f/plain-2.0.tar.gz">plain-2.0.tar.gz</a><a href="x">plain.exe</a></body></html>"""
    listed = [
        {"filename": "plain-1.0-py3-none-any.whl", "requires-python": ">=3.8"},
        {"filename": "plain-2.0.tar.gz", "requires-python": None},
        {"filename": "plain.exe"},
    ]
    found = [Release("1.0", ">=3.8", "plain-1.0-py3-none-any.whl"), Release("2.0", "", "plain-2.0.tar.gz")]
    assert releases(html) == found
    assert releases(json.dumps({"files": listed}).encode()) == found


@pytest.mark.parametrize("page", [b"", b"{", b"{}", b"<a>", b"\xff\xfe"])
def test_what_cannot_be_read_lists_nothing(page):
    assert releases(page) == []


def release(version, python="", tags="py3-none-any"):
    return Release(version, python, f"plain-{version}-{tags}.whl")


@pytest.mark.parametrize(
    ("specifier", "offered", "said"),
    [
        ("==99", [release("1.0"), release("2.0")], "not at the index https://h/simple, which has 2.0, 1.0: ask for"),
        ("", [], "which lists no file of it"),
        (">=1", [release("1.0", ">=4")], f"plain needs Python >=4, the image has {HERE}: ask for a version"),
        ("", [release("1.0", tags="cp27-cp27m-win32")], "no source to build: there are cp27-cp27m-win32"),
    ],
)
def test_what_is_not_usable_is_said_with_what_is_there(specifier, offered, said):
    assert said in str(not_usable("plain", specifier, offered, "https://h/simple"))


@pytest.mark.parametrize(
    "offered",
    [
        [release("1.0", ">=4"), release("0.9", ">=3.8")],
        [release("1.0", tags="cp27-cp27m-win32"), Release("1.0", "", "plain-1.0.tar.gz")],
        [release("1.0", tags=f"cp38-abi3-manylinux_2_17_{MACHINE}.manylinux2014_{MACHINE}")],
        [release("1.0", tags=f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-linux_{MACHINE}")],
        [release("1.0", "odd")],
    ],
)
def test_what_may_be_usable_is_left_to_the_resolver(offered):
    assert not_usable("plain", "", offered, "https://h/simple") is None
