"""What is advised for a file that is not found, or may not be touched, by where it is."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest

from bundle_runtime.contract.layout import ROOT_VARIABLE
from bundle_runtime.worker.load.file_advice import file_advice

IMAGE = "uid 65533 with HOME=/tmp/home"
RELATIVE = "not in the image's WORKDIR"
READ_ONLY = "write caches below $HOME (/tmp/home), the rest to $TMPDIR"


@pytest.fixture(autouse=True)
def _places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/srv/home")
    monkeypatch.setenv("TMPDIR", "/srv/tmp")
    monkeypatch.setenv(ROOT_VARIABLE, "/tmp/root")


def error(number: int, path: object) -> OSError:
    return OSError(number, os.strerror(number), path)


@pytest.mark.parametrize(
    ("number", "path", "advised"),
    [
        (errno.ENOENT, "/srv/home/.cache/m/weights", IMAGE),
        (errno.ENOENT, "/srv/tmp/weights", IMAGE),
        (errno.ENOENT, "/root/.cache/huggingface", IMAGE),
        (errno.ENOENT, "/tmp/weights", IMAGE),
        (errno.ENOENT, "/opt/../root/weights", IMAGE),
        (errno.ENOENT, "/srv/homes/weights", ""),
        (errno.ENOENT, "/opt/weights", ""),
        (errno.ENOENT, "/tmp/root/bundle/artifact/weights", ""),
        (errno.ENOENT, "weights.pt", RELATIVE),
        (errno.ENOENT, b"/root/weights", ""),
        (errno.ENOENT, None, ""),
        (errno.EACCES, "/root/.cache/huggingface", IMAGE),
        (errno.EACCES, "/opt/weights", IMAGE),
        (errno.EACCES, "/tmp/root/bundle/artifact/weights", ""),
        (errno.EACCES, "weights.pt", ""),
        (errno.EROFS, "weights.pt", READ_ONLY),
        (errno.EROFS, "/opt/package/cache", READ_ONLY),
        (errno.EROFS, None, READ_ONLY),
        (errno.ENOSPC, "/root/weights", ""),
    ],
)
def test_the_table(number, path, advised):
    advice = file_advice(error(number, path))
    assert advised in advice
    assert bool(advised) == bool(advice)


def test_what_a_library_made_of_it_is_looked_through():
    for link in ("__cause__", "__context__"):
        outer, inner = RuntimeError("no model"), ValueError("no file")
        setattr(outer, link, inner)
        setattr(inner, link, error(errno.ENOENT, "/root/weights"))
        assert IMAGE in file_advice(outer)


def test_a_program_that_the_image_lacks_is_not_a_file_of_the_bundle():
    with pytest.raises(FileNotFoundError) as raised:
        subprocess.run(["no-such-program"], check=False)
    assert file_advice(raised.value) == ""


def test_a_ring_of_errors_has_an_end():
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert file_advice(one) == ""
